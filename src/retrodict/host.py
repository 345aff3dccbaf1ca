"""Compute under the default settings of Python, NumPy, xarray and torch, and restore the caller's.

A notebook may have switched gradients off, chosen a default device, made NumPy raise, or turned
warnings into errors. None of that may change a result or end a training. Settings of a thread are
set in each thread. Settings of the process are set by the first thread that enters and restored by
the last that leaves. A library that is not loaded yet still has its defaults.
"""

from __future__ import annotations

import contextlib
import functools
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

_RECURSION = 1000  # Python's default limit; loading torch needs part of it


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Set all settings to their defaults, and restore them at the end; also a decorator.

    Entering it again inside costs nothing. Enter it once per training, epoch or flow, not per step.

    >>> import numpy as np
    >>> with np.errstate(all="raise"), own_settings():
    ...     print(np.exp(np.float64(-1000)))
    0.0
    """
    if getattr(_THREAD, "inside", False):
        yield
        return
    with ExitStack() as stack:
        for library, shared in _SHARED.items():
            if library in sys.modules:
                stack.enter_context(shared)
        for library, in_thread in _IN_THREAD.items():
            if library in sys.modules:
                stack.enter_context(in_thread())
        _THREAD.inside = True
        try:
            yield
        finally:
            _THREAD.inside = False


def own_numpy_settings(generate: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """Decorate a generator: it runs under NumPy's default error settings, its caller does not.

    The settings are entered once per item, so only those that are cheap to set are included.
    """

    @functools.wraps(generate)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        items = generate(*args, **kwargs)
        while True:
            with _numpy_in_thread():
                try:
                    item = next(items)
                except StopIteration:
                    return
            yield item

    return wrapper


class _Shared:
    """Settings of the process, held as long as any thread is inside.

    Parameters:
        settings: a context manager that sets and restores them.
    """

    def __init__(self, settings: Callable[[], AbstractContextManager[None]]) -> None:
        self.settings = settings
        self.lock, self.inside = threading.Lock(), 0

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.held = self.settings()
                self.held.__enter__()
            self.inside += 1

    def __exit__(self, *error: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                self.held.__exit__(None, None, None)


@contextlib.contextmanager
def _python() -> Iterator[None]:
    """Keep warnings from being errors, and allow the recursion that large libraries need."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        with calm_warnings():
            yield
    finally:
        sys.setrecursionlimit(limit)


@contextlib.contextmanager
def calm_warnings() -> Iterator[None]:
    """Show warnings that would be raised as errors."""
    filters = list(warnings.filters)
    with ExitStack() as stack:
        if any(action == "error" for action, *_ in filters):
            stack.enter_context(warnings.catch_warnings())
            warnings.resetwarnings()
            add: Any = warnings.filterwarnings
            for action, message, category, module, line in filters:
                shown = "default" if action == "error" else action
                add(shown, _pattern(message), category, _pattern(module), line, append=True)
        yield


def _pattern(compiled: Any) -> str:
    """Return the source of a filter's pattern; Python's own filters have plain strings."""
    return getattr(compiled, "pattern", compiled) or ""


@contextlib.contextmanager
def _xarray() -> Iterator[None]:
    import xarray as xr

    options: Any = xr.set_options
    with options(arithmetic_join="inner", keep_attrs="default", use_bottleneck=True):
        yield


@contextlib.contextmanager
def _torch() -> Iterator[None]:
    import torch

    dtype, mkldnn = torch.get_default_dtype(), torch._C._get_mkldnn_enabled()
    torch.set_default_dtype(torch.float32)
    torch._C._set_mkldnn_enabled(True)  # the public setter also sets other flags, and warns
    try:
        with ExitStack() as stack:
            stack.enter_context(torch.autograd.set_detect_anomaly(False, True))
            stack.enter_context(products_of_float32("highest"))
            stack.enter_context(_sums_of_bfloat16())
            stack.enter_context(_no_module_hooks())
            yield
    finally:
        torch.set_default_dtype(dtype)
        torch._C._set_mkldnn_enabled(mkldnn)


@contextlib.contextmanager
def _numpy_in_thread() -> Iterator[None]:
    import numpy as np

    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        yield


@contextlib.contextmanager
def _torch_in_thread() -> Iterator[None]:
    """Enable gradients; switch off default devices and other modes, hooks and autocast."""
    import torch
    from torch.overrides import _get_current_function_mode_stack, _pop_mode_temporarily

    flushes = sys.float_info.min * _HALF == 0.0
    if flushes:
        torch.set_flush_denormal(False)
    try:
        with ExitStack() as stack:
            for _ in _get_current_function_mode_stack():
                stack.enter_context(_pop_mode_temporarily())
            stack.enter_context(_no_saved_tensors_hooks())
            stack.enter_context(_no_autocast())
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.enable_grad())
            yield
    finally:
        if flushes:
            torch.set_flush_denormal(True)


@contextlib.contextmanager
def _no_saved_tensors_hooks() -> Iterator[None]:
    """Remove hooks on tensors saved for gradients, which might move or round them.

    Before version 2.8 torch cannot list these hooks, so they stay.
    """
    import torch

    hooks: Any = torch._C._autograd
    found = []
    while (top := saved_tensors_hooks()) is not None:
        found.append(top)
        hooks._pop_saved_tensors_default_hooks()
    try:
        yield
    finally:
        for pack, unpack in reversed(found):
            hooks._push_saved_tensors_default_hooks(pack, unpack)


def saved_tensors_hooks() -> Any:
    """Return this thread's innermost hooks; None if there are none or torch cannot list them."""
    import torch

    hooks: Any = torch._C._autograd
    try:
        return hooks._top_saved_tensors_default_hooks(True)
    except (AttributeError, TypeError):
        return None


@contextlib.contextmanager
def _no_module_hooks() -> Iterator[None]:
    """Remove hooks on all modules, which might change what modules compute."""
    from torch.nn.modules import module

    names = [name for name in vars(module) if name.startswith("_global_")]
    tables = [table for name in names if isinstance(table := getattr(module, name), dict)]
    found = [dict(table) for table in tables]
    for table in tables:
        table.clear()
    try:
        yield
    finally:
        for table, hooks in zip(tables, found, strict=True):
            table.update(hooks)


@contextlib.contextmanager
def _sums_of_bfloat16() -> Iterator[None]:
    """Sum products of bfloat16 on a GPU as torch does by default."""
    import torch

    products: Any = torch.backends.cuda.matmul
    name = "allow_bf16_reduced_precision_reduction"
    before = getattr(products, name)
    parts = getattr(products, f"{name}_split_k", None)  # newer versions of torch
    setattr(products, name, True)
    try:
        yield
    finally:
        setattr(products, name, before if parts is None else (before, parts))


@contextlib.contextmanager
def _no_autocast() -> Iterator[None]:
    """Leave all autocast regions: inside one, torch would reuse weights cast before an update."""
    import torch

    depth = torch.autocast_increment_nesting() - 1
    devices = [device for device in ("cpu", "cuda") if torch.is_autocast_enabled(device)]
    for _ in range(depth + 1):
        torch.autocast_decrement_nesting()
    for device in devices:
        torch.set_autocast_enabled(device, False)
    try:
        yield
    finally:
        for device in devices:
            torch.set_autocast_enabled(device, True)
        for _ in range(depth):
            torch.autocast_increment_nesting()


@contextlib.contextmanager
def products_of_float32(precision: str) -> Iterator[None]:
    """Set `torch.set_float32_matmul_precision`, and restore it.

    Newer versions of torch also have a setting per backend, and raise when asked for the common one
    while these disagree. Then the common one is assumed to be the default.
    """
    import torch

    products: list[Any] = [
        getattr(getattr(torch.backends, name), "matmul", None) for name in ("cuda", "mkldnn")
    ]
    backends = [one for one in products if hasattr(one, "fp32_precision")]
    each = [one.fp32_precision for one in backends]
    try:
        before = torch.get_float32_matmul_precision()
    except RuntimeError:
        before = "highest"
    torch.set_float32_matmul_precision(precision)
    try:
        yield
    finally:
        torch.set_float32_matmul_precision(before)
        for backend, one in zip(backends, each, strict=True):
            backend.fp32_precision = one


_HALF = 0.5  # a variable, so that Python does not compute the product at compile time
_THREAD = threading.local()
_SHARED = {"sys": _Shared(_python), "xarray": _Shared(_xarray), "torch": _Shared(_torch)}
_IN_THREAD = {"numpy": _numpy_in_thread, "torch": _torch_in_thread}
"""Both: module that must be loaded → its settings."""

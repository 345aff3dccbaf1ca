"""The settings of the process that called us: computed under the libraries' own, left as found.

A notebook may have switched gradients off, chosen a default device, made NumPy raise, or turned
warnings into errors. None of it is ours, and none of it may alter a result or end a training.
Settings of one thread are set for that thread; those of the whole process by the first thread that
comes, and put back by the last that leaves. What is not loaded yet, nobody can have altered.
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

_RECURSION = 1000  # Python's own limit; loading torch needs some of it


@contextlib.contextmanager
def own_settings() -> Iterator[None]:
    """Compute as if nobody had altered a setting; also a decorator. Once inside, it costs nothing.

    Entered once a training, epoch or flow, never once a step.

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
        for library, of_this_thread in _OF_THIS_THREAD.items():
            if library in sys.modules:
                stack.enter_context(of_this_thread())
        _THREAD.inside = True
        try:
            yield
        finally:
            _THREAD.inside = False


def own_errors_each(work: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """Let a generator of NumPy's numbers compute by NumPy's own settings, its caller by theirs.

    It is entered once a step, so only what costs next to nothing is set.
    """

    @functools.wraps(work)
    def each(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        found = work(*args, **kwargs)
        while True:
            with _numpy_of_this_thread():
                try:
                    one = next(found)
                except StopIteration:
                    return
            yield one

    return each


class _Shared:
    """Settings of the whole process, held for as long as any thread computes.

    Parameters:
        settings: sets them, and puts them back.
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
    """A warning is said and ends nothing; there is room for the calls of large libraries."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, _RECURSION))
    try:
        with calm_warnings():
            yield
    finally:
        sys.setrecursionlimit(limit)


@contextlib.contextmanager
def calm_warnings() -> Iterator[None]:
    """Let warnings that would be errors be said instead."""
    asked = list(warnings.filters)
    with ExitStack() as stack:
        if any(action == "error" for action, *_ in asked):
            stack.enter_context(warnings.catch_warnings())
            warnings.resetwarnings()
            add: Any = warnings.filterwarnings
            for action, message, category, module, line in asked:
                said = "default" if action == "error" else action
                add(said, _pattern(message), category, _pattern(module), line, append=True)
        yield


def _pattern(compiled: Any) -> str:
    """What a filter looks for, as it is written; Python's own are plain strings."""
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
    torch._C._set_mkldnn_enabled(True)  # what is meant to do so sets more, and warns
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
def _numpy_of_this_thread() -> Iterator[None]:
    import numpy as np

    with np.errstate(divide="warn", over="warn", under="ignore", invalid="warn"):
        yield


@contextlib.contextmanager
def _torch_of_this_thread() -> Iterator[None]:
    """No default device or other mode or hook, gradients that can be taken, no autocast."""
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
    """What is saved for gradients stays as it is; others' hooks may move it, or round it.

    Before version 2.8 torch does not say which there are: they are left.
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
    """The hooks of this thread that were set last; None where there are none, or torch is mum."""
    import torch

    hooks: Any = torch._C._autograd
    try:
        return hooks._top_saved_tensors_default_hooks(True)
    except (AttributeError, TypeError):
        return None


@contextlib.contextmanager
def _no_module_hooks() -> Iterator[None]:
    """Modules compute what they say; others' hooks on all modules may alter it."""
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
    """Let products of bfloat16 on a GPU be summed as torch does where nobody has said how."""
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
    """As outside all autocast: within one, weights that were cast stay cast, though they change."""
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
    """Let products of float32 round their factors as `torch.set_float32_matmul_precision` says.

    Newer versions of torch also have a setting a backend, and refuse to say the common one where
    the two do not agree: then it is taken for the default.
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


_HALF = 0.5  # multiplied when it is asked, not when Python reads this file
_THREAD = threading.local()
_SHARED = {"sys": _Shared(_python), "xarray": _Shared(_xarray), "torch": _Shared(_torch)}
_OF_THIS_THREAD = {"numpy": _numpy_of_this_thread, "torch": _torch_of_this_thread}
"""What has to be loaded for a setting to be there → its settings."""

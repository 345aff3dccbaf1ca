"""Describe the machine and measure its speed: matrix products and memory traffic."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from retrodict.processor import processor
from retrodict.training import products_in

_LARGE = 64 * 2**20  # floats in an array of the bandwidth's measurement: 256 MiB, no cache holds it
_SMALL = 2**20
_SQUARES = (1024, 2048)
_LEAST_SECONDS = 0.02  # of one timing; what takes less is repeated
_REPEATS = 4

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class Machine:
    """Where a benchmark ran.

    Attributes:
        device: name of the processor, or of the GPU.
        threads: that torch uses.
        torch: its version.
    """

    device: str
    threads: int
    torch: str

    @classmethod
    def here(cls, device: str, threads: int) -> Machine:
        """Describe this machine; its device is `cpu` or `cuda:N`."""
        name = torch.cuda.get_device_name(device) if is_gpu(device) else processor()
        return cls(name, threads, torch.__version__)


@dataclass(frozen=True)
class Rates:
    """The machine's best measured rates.

    Attributes:
        products: precision → floating-point operations per second in a matrix product.
        bandwidth: bytes per second to and from memory.
    """

    products: dict[str, float]
    bandwidth: float

    def operations(self, precision: str) -> float:
        """Return the rate of products in a precision, or in float32 if that was not measured."""
        return self.products.get(precision, self.products["float32"])

    def best(self, other: Rates) -> Rates:
        """Return the higher of each rate of two measurements."""
        products = {name: max(rate, other.products[name]) for name, rate in self.products.items()}
        return Rates(products, max(self.bandwidth, other.bandwidth))


def is_gpu(device: str) -> bool:
    """Whether a device is a CUDA device."""
    return device.startswith("cuda")


def seconds_of(work: Callable[[], object], calls: int = 1, device: str = "cpu") -> float:
    """Time a call, as the mean of several; on a GPU, until all its work is done."""
    _synchronise(device)
    start = time.perf_counter()
    for _ in range(calls):
        work()
    _synchronise(device)
    return (time.perf_counter() - start) / calls


def calls_of(work: Callable[[], object], device: str = "cpu") -> int:
    """Warm up; return how many calls are needed for a long enough timing."""
    seconds_of(work, device=device)  # the first call also allocates memory and loads libraries
    return max(1, int(_LEAST_SECONDS / max(seconds_of(work, device=device), 1e-9)))


def _synchronise(device: str) -> None:
    if is_gpu(device):
        torch.cuda.synchronize(device)


def measure_rates(device: str, shapes: Sequence[Shape] = (), quick: bool = False) -> Rates:
    """Measure the best rate of several products, and of several passes over memory.

    Products are (n × k) by (k × m), in float32, on all threads: squares, and `shapes`. On a GPU
    also with TF32 and with bfloat16 inputs. Memory is copied (2 bytes of traffic per byte) and
    updated in place, a ← a + b (3 bytes).

    Args:
        device: `cpu` or `cuda:N`.
        shapes: further (n, k, m) to try; the benchmarked models' own.
        quick: use small arrays, for tests; the numbers mean little.
    """
    tried = [*shapes] if quick and shapes else [*((n, n, n) for n in _SQUARES), *shapes]
    products = {"float32": _product_rate(device, tried, torch.float32)}
    if is_gpu(device):
        for name in ("float32", "tf32"):
            with products_in(name):
                products[name] = _product_rate(device, tried, torch.float32)
        products["bfloat16"] = _product_rate(device, tried, torch.bfloat16)
    return Rates(products, _bandwidth(device, _SMALL if quick else _LARGE))


def _product_rate(device: str, shapes: Sequence[Shape], dtype: torch.dtype) -> float:
    best = 0.0
    for n, k, m in shapes:
        a = torch.randn(n, k, device=device).to(dtype)
        b = torch.randn(k, m, device=device).to(dtype)
        out = torch.empty(n, m, device=device, dtype=dtype)
        best = max(best, 2 * n * k * m / _shortest(partial(torch.mm, a, b, out=out), device))
    return best


def _bandwidth(device: str, size: int) -> float:
    a, b = torch.zeros(size, device=device), torch.ones(size, device=device)
    copied = 2 * 4 * size / _shortest(lambda: a.copy_(b), device)
    updated = 3 * 4 * size / _shortest(lambda: a.add_(b), device)
    return max(copied, updated)


def _shortest(work: Callable[[], object], device: str) -> float:
    calls = calls_of(work, device)
    return min(seconds_of(work, calls, device) for _ in range(_REPEATS))

"""How much memory a piece of work takes at its peak, where the system can tell."""

from __future__ import annotations

import contextlib
import ctypes
import gc
from pathlib import Path

import torch

from retrodict.bench._machine import is_gpu

_RESET_PEAK = "5"  # what Linux takes in clear_refs for: forget the highest resident size so far


class PeakMemory:
    """Measures from its making on by how much memory grows at most.

    On a GPU that is what torch has allocated. On a CPU it is the process's resident memory, after
    memory that was freed has been given back to the system; what a compiler needs is in it.

    Parameters:
        device: `cpu` or `cuda:N`.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        gc.collect()
        if is_gpu(device):
            torch.cuda.reset_peak_memory_stats(device)
            self.before: float | None = torch.cuda.memory_allocated(device)
        else:
            _give_back()
            self.before = _status("VmRSS") if _reset_peak() else None

    def megabytes(self) -> float | None:
        """Return the growth at the peak so far in MB (10⁶ bytes), or None if it cannot be told."""
        if is_gpu(self.device):
            peak: float | None = torch.cuda.max_memory_allocated(self.device)
        else:
            peak = _status("VmHWM")
        if self.before is None or peak is None:
            return None
        return max(peak - self.before, 0.0) / 1e6


def _give_back() -> None:
    """Ask the C library to return free memory; else a new array hides in what was freed."""
    with contextlib.suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).malloc_trim(0)


def _reset_peak() -> bool:
    try:
        Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
    except OSError:
        return False
    return True


def _status(name: str) -> float | None:
    """Return a line of /proc/self/status in bytes."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))
    except (OSError, StopIteration):
        return None

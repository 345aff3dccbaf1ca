"""Measure the peak memory of a piece of work, if the system can tell."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
from pathlib import Path

import torch

from retrodict.bench._machine import is_gpu

_RESET_PEAK = "5"  # written to clear_refs, it makes Linux forget the highest resident size so far


class PeakMemory:
    """Measures the largest growth of memory since this object was made.

    On a GPU this is what torch has allocated. On a CPU it is the process's resident memory, with
    that of a compiler, after freed memory was returned to the system. If processes were forked, it
    is what all of them hold together at the end, shared pages counted once, if that is more.

    Parameters:
        device: `cpu` or `cuda:N`.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        gc.collect()
        self.before: float | None = None
        if is_gpu(device):
            torch.cuda.reset_peak_memory_stats(device)
            self.before = torch.cuda.memory_allocated(device)
            return
        with contextlib.suppress(AttributeError, OSError, TypeError):
            ctypes.CDLL(None).malloc_trim(0)  # else a new array may reuse freed memory
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK, encoding="ascii")
            self.before = _kept("status", "VmRSS")
        self.together = _held_together()

    def megabytes(self) -> float | None:
        """Return the growth at the peak so far in MB (10⁶ bytes), or None if it is not known."""
        peak: float | None
        if is_gpu(self.device):
            peak, forked = torch.cuda.max_memory_allocated(self.device), 0.0
        else:
            peak, forked = _kept("status", "VmHWM"), _held_together() - self.together
        if self.before is None or peak is None:
            return None
        return max(peak - self.before, forked, 0.0) / 1e6


def _held_together() -> float:
    """Bytes that this process and its children hold, a shared page divided among its holders."""
    pids = ["self", *(child.pid for child in multiprocessing.active_children())]
    return sum(_kept("smaps_rollup", "Pss", pid) or 0.0 for pid in pids)


def _kept(file: str, name: str, pid: object = "self") -> float | None:
    """Return the number of bytes that a line of a file in /proc/PID gives."""
    try:
        lines = Path(f"/proc/{pid}/{file}").read_text(encoding="utf-8").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
    except (OSError, StopIteration):
        return None

"""How much memory a piece of work takes at its peak, where the system can tell."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import multiprocessing
import os
from pathlib import Path

import torch

from retrodict.bench._machine import is_gpu

_RESET_PEAK = "5"  # what Linux takes in clear_refs for: forget the highest resident size so far


class PeakMemory:
    """Measures from its making on by how much memory grows at most.

    On a GPU that is what torch has allocated. On a CPU it is the process's resident memory, after
    memory that was freed has been given back to the system; what a compiler needs is in it. Where
    processes were forked, it is what they and this one hold together at the end, shared pages
    counted once, if that is more.

    Parameters:
        device: `cpu` or `cuda:N`.
    """

    def __init__(self, device: str) -> None:
        self.device = device
        gc.collect()
        if is_gpu(device):
            torch.cuda.reset_peak_memory_stats(device)
            self.before: float | None = torch.cuda.memory_allocated(device)
            self.together = 0.0
        else:
            _give_back()
            self.before = _status("VmRSS") if _reset_peak() else None
            self.together = _held_together()

    def megabytes(self) -> float | None:
        """Return the growth at the peak so far in MB (10⁶ bytes), or None if it cannot be told."""
        if is_gpu(self.device):
            peak: float | None = torch.cuda.max_memory_allocated(self.device)
        else:
            peak = _status("VmHWM")
        if self.before is None or peak is None:
            return None
        forked = 0.0 if is_gpu(self.device) else _held_together() - self.together
        return max(peak - self.before, forked, 0.0) / 1e6


def _held_together() -> float:
    """Bytes that this process and those it forked hold, what they share counted once."""
    pids = [os.getpid(), *(child.pid for child in multiprocessing.active_children())]
    return sum(_proportional(pid) for pid in pids if pid is not None)


def _proportional(pid: int) -> float:
    """Return a process's resident bytes, shared ones divided among those that share them."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
        return next(float(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    except (OSError, StopIteration):
        return 0.0


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

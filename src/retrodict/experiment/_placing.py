"""What this machine decides of an experiment: the device, and whether compiling pays."""

from __future__ import annotations

import os
import sys

from retrodict.errors import BadInput
from retrodict.limits import core_limit

COMPILE_STEPS = 2000
"""Steps from which compiling is chosen on a GPU. On a CPU it never pays: docs/performance.md."""


def device_here(device: str) -> str:
    """Return the name of the requested device on this machine.

    Raises:
        BadInput: it does not exist here.
    """
    gpus = _gpu_count()
    if device == "auto":
        return "cuda:0" if gpus else "cpu"
    if device == "cpu":
        return device
    index = int(device.partition(":")[2] or 0)
    if index >= gpus:
        choices = ["cpu", *(f"cuda:{i}" for i in range(gpus))]
        raise BadInput(
            f"training.device: {device} does not exist here; choose from {', '.join(choices)}"
        )
    return f"cuda:{index}"


def _gpu_count() -> int:
    drivers = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
    if sys.platform == "linux" and not any(os.path.exists(driver) for driver in drivers):
        return 0  # known without loading torch, which takes a second
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def too_many(threads: int, cores: int) -> str:
    """Return the message for more threads than cores."""
    limit = core_limit()
    there = "1 core there is" if cores == 1 else f"{cores} cores there are"
    here = "" if limit == "machine" else f" for this process ({limit})"
    return f"training.threads: {threads} is more than the {there}{here}"

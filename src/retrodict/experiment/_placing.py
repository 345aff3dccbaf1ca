"""Where an experiment runs: its device, and from how many steps on compiling pays."""

from __future__ import annotations

import os
import sys

from retrodict.errors import BadInput

COMPILE_STEPS = 2000
"""Steps from which compiling is chosen on a GPU. On a CPU it never pays: docs/performance.md."""


def _resolve_device(device: str) -> str:
    gpus = _gpu_count()
    if device == "auto":
        return "cuda:0" if gpus else "cpu"
    if device == "cpu":
        return device
    index = int(device.partition(":")[2] or 0)
    if index >= gpus:
        choices = ["cpu", *(f"cuda:{i}" for i in range(gpus))]
        raise BadInput(f"training.device: {device} is not there; choose from {', '.join(choices)}")
    return f"cuda:{index}"


def _gpu_count() -> int:
    drivers = ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd")
    if sys.platform == "linux" and not any(os.path.exists(driver) for driver in drivers):
        return 0  # known without loading torch, which takes a second
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0

"""Tensors in memory shared with forked processes, so that several can train one population."""

from __future__ import annotations

import math
import mmap

import torch
from torch import Tensor


def zeros(shape: tuple[int, ...], like: Tensor) -> Tensor:
    """Return zeros with the dtype and device of a tensor; on a CPU in shared memory."""
    if like.device.type != "cpu":
        return torch.zeros(shape, dtype=like.dtype, device=like.device)
    count = math.prod(shape)
    room = mmap.mmap(-1, max(1, count) * like.dtype.itemsize)  # the tensor keeps it alive
    return torch.frombuffer(room, dtype=like.dtype, count=max(1, count))[:count].view(shape)

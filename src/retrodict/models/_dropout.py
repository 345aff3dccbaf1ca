"""Dropout masks, determined by a learner's seed, the epoch and the place in the model.

On a CPU they come from one NumPy stream per learner and epoch, the cheapest source there. On other
devices and in compiled steps they come from a hash of a counter, which fuses into the pass that
uses it. Both compare random bits with a threshold, so the probability is the rate rounded to a
multiple of 1/65536.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from retrodict.seeds import DROPOUT, stream

WORD = 4
"""Mask entries per random word. A mask's unused entries of its last word are discarded."""


def dropped_of_65536(rate: float) -> int:
    """Return how many of 65536 entries a rate drops, at most 65535."""
    return min(round(rate * 65536), 65535)


@runtime_checkable
class Masks(Protocol):
    """Gives masks in the order in which the model asks for them."""

    def next(self, size: int) -> Float[Tensor, "learner size"]:
        """Return the next mask of every learner: 0 where an entry is dropped, else 1."""


class MaskStream:
    """The masks of one learner during one epoch.

    Parameters:
        seed: the learner's seed.
        epoch: the epoch, from 1.
        rate: probability of dropping an entry.
    """

    def __init__(self, seed: int, epoch: int, rate: float) -> None:
        self.random = np.random.Generator(np.random.SFC64(stream(seed, DROPOUT, epoch)))
        self.threshold = dropped_of_65536(rate) - 32768

    def fill(self, out: Float[Tensor, " size"]) -> Float[Tensor, " size"]:
        """Write the next masks into `out`, whose size is a multiple of WORD."""
        words = self.random.integers(0, 2**64, size=out.numel() // WORD, dtype=np.uint64)
        return torch.ge(torch.from_numpy(words.view(np.int16)), self.threshold, out=out)


class HashMasks:
    """Masks of several learners from a hash of (key, counter), in operations that fuse.

    Parameters:
        keys: a number below 2³² per learner, new in each step, on the masks' device.
        rate: probability of dropping an entry.
        dtype: dtype of the masks.
    """

    def __init__(self, keys: Int[Tensor, " learner"], rate: float, dtype: torch.dtype) -> None:
        self.keys, self.dtype, self.used = keys, dtype, 0
        self.threshold = dropped_of_65536(rate) << 16

    def next(self, size: int) -> Float[Tensor, "learner size"]:
        """Hash the next `size` counters with every learner's key."""
        counter = torch.arange(self.used, self.used + size, device=self.keys.device)
        self.used += size
        return (mixed(mixed(counter) ^ self.keys[:, None]) >= self.threshold).to(self.dtype)


def mixed(x: Int[Tensor, "*shape"]) -> Int[Tensor, "*shape"]:
    """Hash 32-bit numbers, held in int64: a bijection with full avalanche.

    It has two rounds of xor-shift and multiplication by odd constants below 2³¹, so that products
    fit into int64.
    """
    x = ((x >> 16) ^ x) * 0x7FEB352D & 0xFFFFFFFF
    x = ((x >> 15) ^ x) * 0x31848BAB & 0xFFFFFFFF
    return (x >> 14) ^ x

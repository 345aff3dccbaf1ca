"""Where dropout drops: masks that a learner's seed, epoch and place decide, and nothing else.

On a CPU they come from one NumPy stream a learner and epoch, the cheapest source there. Where
steps are compiled, or run on another device, from a hash of a counter, which fuses into the pass
that uses it. Both compare 16 bits, or 32, with a threshold, so the probability is the rate rounded
to a multiple of 1/65536.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from retrodict.seeds import DROPOUT, stream

WORD = 4
"""Mask entries are drawn so many at a time; what a place leaves of its last word is dropped."""


def dropped_of_65536(rate: float) -> int:
    """Return how many of 65536 entries a rate drops; one is always kept."""
    return min(round(rate * 65536), 65535)


@runtime_checkable
class Masks(Protocol):
    """Hands out masks, in the order in which the model asks for them."""

    def next(self, size: int) -> Float[Tensor, "learner size"]:
        """Return the next mask of every learner: 0 where an entry is dropped, else 1."""


class MaskStream:
    """The masks of one learner during one epoch.

    Parameters:
        seed, epoch: the learner's seed; passes begun, from 1.
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
        keys: one below 2³² a learner and step, on the device where masks are wanted.
        rate: probability of dropping an entry.
        dtype: of the masks.
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
    """Scramble 32-bit numbers, held in int64; a bijection with full avalanche.

    Two rounds of xor-shift and multiplication by odd constants below 2³¹, so that no product
    leaves int64.
    """
    x = ((x >> 16) ^ x) * 0x7FEB352D & 0xFFFFFFFF
    x = ((x >> 15) ^ x) * 0x31848BAB & 0xFFFFFFFF
    return (x >> 14) ^ x

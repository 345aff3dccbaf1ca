"""Random streams: a learner's seed feeds several, each addressed by purpose and epoch.

Streams are addressed, not continued, so nothing about them has to be stored to resume a run, and
no learner's stream depends on another's. A learner's corpus uses its seed directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

if TYPE_CHECKING:
    import torch

INIT, DROPOUT, SHUFFLE, MASKING, IDENTITY = 1, 2, 3, 4, 5
"""The purposes."""


def stream(seed: int, purpose: int, epoch: int = 0) -> np.random.SeedSequence:
    """Return the seed of one stream of one learner at one epoch, independent of all others."""
    return np.random.SeedSequence(seed, spawn_key=(purpose, epoch))


def sentence_order(seed: int, epoch: int, sentences: int) -> Int[np.ndarray, " sentence"]:
    """Return the order in which the learner of a seed passes over its sentences in an epoch."""
    return np.random.default_rng(stream(seed, SHUFFLE, epoch)).permutation(sentences)


def torch_generator(
    seed: int, purpose: int, epoch: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return a torch generator for one stream."""
    import torch

    state = stream(seed, purpose, epoch).generate_state(1, np.uint64)[0]
    return torch.Generator(device=device).manual_seed(int(state) >> 1)

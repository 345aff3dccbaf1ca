"""Random streams: (seed, purpose, epoch) determines a stream.

No stream continues another. So resuming a run needs no stored random state, and learners do not
affect each other. A learner's corpus uses its seed directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Int

if TYPE_CHECKING:
    import torch

INIT, DROPOUT, SHUFFLE, MASKING, IDENTITY = 1, 2, 3, 4, 5
"""Purposes of streams. Changing a number changes all results that use the stream."""


def stream(seed: int, purpose: int, epoch: int = 0) -> np.random.SeedSequence:
    """Return the seed sequence of a learner's stream for a purpose and epoch."""
    return np.random.SeedSequence(seed, spawn_key=(purpose, epoch))


def sentence_order(seed: int, epoch: int, sentences: int) -> Int[np.ndarray, " sentence"]:
    """Return the order in which the learner of this seed visits its sentences in an epoch."""
    return np.random.default_rng(stream(seed, SHUFFLE, epoch)).permutation(sentences)


def torch_generator(
    seed: int, purpose: int, epoch: int = 0, device: torch.device | str = "cpu"
) -> torch.Generator:
    """Return a torch generator seeded by a stream."""
    import torch

    state = stream(seed, purpose, epoch).generate_state(1, np.uint64)[0]
    return torch.Generator(device=device).manual_seed(int(state) >> 1)

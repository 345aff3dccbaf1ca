"""Batches of a pass over every learner's sentences."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from retrodict.experiment import Placed
from retrodict.objectives import Examples
from retrodict.seeds import MASKING, sentence_order, stream
from retrodict.tasks import Corpus


class Batch(NamedTuple):
    """What some learners see in a step: (learner, example, …), as in `objectives.Examples`."""

    inputs: Int[Tensor, "s batch length"]
    targets: Int[Tensor, "s batch position"]
    weights: Float[Tensor, "s batch position"] | None = None
    bidirectional: Bool[Tensor, "s batch"] | None = None


class Sentences:
    """The training examples of all learners, each in an order of its own every epoch.

    Parameters:
        experiment: seeds, objective, and how many examples a step takes.
        corpora: one per learner.
        dtype: of weights.
    """

    def __init__(self, experiment: Placed, corpora: Sequence[Corpus], dtype: torch.dtype) -> None:
        self.objective, training = experiment.objective, experiment.training
        self.seeds, self.device = training.seeds, torch.device(training.device)
        self.corpora, self.dtype = corpora, dtype
        drawn = [self.draw(s, 0) for s in range(len(self.seeds))]
        self.all = self._batch(drawn)
        self.count: int = self.all.inputs.shape[1]
        self.length: int = self.all.inputs.shape[2]
        self.size = self.count if training.batch_size == "all" else training.batch_size
        self.first = drawn[0].first

    def batches(self, learners: slice, epoch: int) -> list[Batch]:
        """Return the batches of some learners in an epoch, one per step; the last may be smaller.

        As many as `Experiment.steps_per_epoch` says.
        """
        chosen = range(len(self.seeds))[learners]
        orders = [sentence_order(self.seeds[s], epoch, self.count) for s in chosen]
        order = torch.from_numpy(np.stack(orders)).to(self.device)
        if self.objective.redraws_each_epoch:
            whole = self._batch([self.draw(s, epoch) for s in chosen])
        else:
            whole = _as_batch([None if part is None else part[learners] for part in self.all])
        parts = [
            itertools.repeat(None) if part is None else _shuffled(part, order).split(self.size, 1)
            for part in whole
        ]
        return [_as_batch(step) for step in zip(*parts, strict=False)]

    def draw(self, s: int, epoch: int) -> Examples:
        """Draw a learner's examples of an epoch."""
        rng = np.random.default_rng(stream(self.seeds[s], MASKING, epoch))
        return self.objective.examples(self.corpora[s], rng)

    def _batch(self, examples: Sequence[Examples]) -> Batch:
        def stack(name: str) -> Tensor | None:
            parts = [getattr(one, name) for one in examples]
            if parts[0] is None:
                return None
            found = torch.from_numpy(np.stack(parts))
            return found.to(self.device, self.dtype if name == "weights" else None)

        return _as_batch([stack(name) for name in Batch._fields])


def _as_batch(parts: Sequence[Tensor | None]) -> Batch:
    inputs, targets, weights, bidirectional = parts
    assert inputs is not None
    assert targets is not None
    return Batch(inputs, targets, weights, bidirectional)


def _shuffled(part: Tensor, order: Int[Tensor, "s example"]) -> Tensor:
    if part.dim() == 2:
        return part.gather(1, order)
    return part.gather(1, order.unsqueeze(-1).expand(-1, -1, part.shape[2]))

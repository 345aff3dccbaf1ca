"""How training uses the machine: workers, threads, and the precision of products."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from retrodict.experiment import Experiment
from retrodict.host import products_of_float32
from retrodict.models import WIDE, Transformer

SHARE_FROM = 2e8
"""Learners · epochs · sentences · parameters from which sharing the work pays: some tenths of a
second of training. Threads would only wait for each other in less."""


@runtime_checkable
class Engine(Protocol):
    """Trains and evaluates all learners."""

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first."""


def workers_of(experiment: Experiment) -> int:
    """Return how many learners are in work at a time, where they are trained one by one."""
    training = experiment.training
    return min(int(training.threads) // threads_each(experiment), training.learners)


def threads_each(experiment: Experiment) -> int:
    """Return how many threads work on a learner, where they are trained one by one."""
    model = experiment.model
    wide = isinstance(model, Transformer) and model.d_model >= WIDE
    return int(experiment.training.threads) if wide else 1


@contextlib.contextmanager
def products_in(precision: str) -> Iterator[None]:
    """Let float32 products use TF32 where the precision says so."""
    with products_of_float32("high" if precision == "tf32" else "highest"):
        yield


@contextlib.contextmanager
def threads_of_torch(count: int) -> Iterator[None]:
    """Let torch use so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

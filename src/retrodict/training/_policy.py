"""How training uses the machine: workers, threads, and the precision of products."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from retrodict.experiment import Placed
from retrodict.host import products_of_float32

SHARE_FROM = 2e8
"""Learners · epochs · sentences · parameters from which sharing the work pays: some tenths of a
second of training. Threads would only wait for each other in less."""


@runtime_checkable
class Engine(Protocol):
    """Trains and evaluates all learners: one by one, or all together.

    One by one is the fast way on a CPU: each learner trains a whole epoch in the cache of one core
    while others train on the other cores, and nothing it computes depends on how many they are. All
    together is the way of every other device and model: one batched step by autograd.
    """

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first."""


def workers_of(experiment: Placed) -> int:
    """Return how many learners are in work at a time, where they are trained one by one."""
    return min(experiment.threads // threads_each(experiment), experiment.training.learners)


def threads_each(experiment: Placed) -> int:
    """Return how many threads work on a learner, where they are trained one by one."""
    return experiment.threads if experiment.model.is_wide else 1


def is_shared(experiment: Placed, sentences: int, parameters: int) -> bool:
    """Whether several workers are worthwhile.

    Args:
        experiment: whose learners are trained one by one.
        sentences, parameters: how many a learner has.
    """
    training = experiment.training
    work = training.learners * training.epochs * sentences * parameters
    return workers_of(experiment) > 1 and work >= SHARE_FROM


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

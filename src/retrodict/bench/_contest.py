"""Time contestants in turn, A B C A B C …, so that a slow moment of the machine affects all."""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from retrodict.bench._machine import seconds_of
from retrodict.bench._memory import PeakMemory
from retrodict.experiment import Placed
from retrodict.progress import Tick
from retrodict.training import Trainer

PLANNED_EPOCHS = 2000
"""Epochs of a benchmarked experiment; timings take as many of them as they need."""
_MOST_EPOCHS = 1000  # of one repeat


def part(tick: Tick, start: float, end: float) -> Tick:
    """Return a tick for one part of the work, which moves `tick` from `start` to `end`."""
    return lambda share: tick(start + share * (end - start))


@runtime_checkable
class Contestant(Protocol):
    """Something to time; it has the number of learners and of steps per epoch."""

    learners: int
    steps: int

    def train(self) -> object:
        """Train for an epoch."""

    def evaluate(self) -> object:
        """Ask all questions."""


class Ours:
    """The population of an experiment."""

    def __init__(self, experiment: Placed) -> None:
        self.trainer = Trainer(experiment)
        self.learners, self.steps = experiment.training.learners, experiment.steps_per_epoch
        self._epoch = 0

    def train(self) -> None:
        """Train for the next epoch."""
        self._epoch = self._epoch % PLANNED_EPOCHS + 1
        self._losses = self.trainer.train_epoch(self._epoch)

    def evaluate(self) -> None:
        """Record the epoch."""
        self.trainer.record(self._epoch, self._losses)


@dataclass
class Timing:
    """How long a contestant took.

    Attributes:
        learners, steps: the contestant's.
        training: milliseconds per learner-step (forward, backward, optimiser), one per repeat.
        evaluation: milliseconds per learner and evaluation, one per repeat.
        first_seconds: to build it, train the first epoch and evaluate once; not part of a repeat.
        peak_memory_mb: how much memory grew meanwhile; None if not known.
    """

    learners: int
    steps: int
    first_seconds: float
    peak_memory_mb: float | None
    training: list[float] = field(default_factory=list)
    evaluation: list[float] = field(default_factory=list)

    @property
    def epochs(self) -> list[float]:
        """Milliseconds per learner and epoch, with one evaluation; one per repeat."""
        pairs = zip(self.training, self.evaluation, strict=True)
        return [self.steps * training + evaluation for training, evaluation in pairs]


def compete(
    builders: Sequence[Callable[[], Contestant]],
    repeats: int,
    seconds: float,
    device: str,
    tick: Tick,
) -> list[Timing]:
    """Time contestants in turn.

    The first epoch of each is timed separately. A second one determines how many epochs make a
    repeat, so that its training lasts at least `seconds`.
    """
    entered: list[tuple[Contestant, int, Timing]] = []
    rounds = (repeats + 2) * len(builders)
    done = 0
    for build in builders:
        memory = PeakMemory(device)
        start = time.perf_counter()
        contestant = build()
        _epoch(contestant, device)
        first = time.perf_counter() - start
        timing = Timing(contestant.learners, contestant.steps, first, memory.megabytes())
        again, _ = _epoch(contestant, device)
        epochs = min(max(1, math.ceil(seconds / again)), _MOST_EPOCHS)
        entered.append((contestant, epochs, timing))
        tick((done := done + 2) / rounds)
    for _ in range(repeats):
        for contestant, epochs, timing in entered:
            spent = [_epoch(contestant, device) for _ in range(epochs)]
            training, evaluation = map(statistics.mean, zip(*spent, strict=True))
            timing.training.append(1000 * training / timing.learners / timing.steps)
            timing.evaluation.append(1000 * evaluation / timing.learners)
            tick((done := done + 1) / rounds)
    return [timing for _, _, timing in entered]


def _epoch(contestant: Contestant, device: str) -> tuple[float, float]:
    """Return the seconds of one epoch's (training, evaluation)."""
    training = seconds_of(contestant.train, device=device)
    return training, seconds_of(contestant.evaluate, device=device)

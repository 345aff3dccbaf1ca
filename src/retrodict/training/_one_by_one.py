"""Learners trained one by one, each in the cache of a core."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property, partial
from queue import LifoQueue
from typing import Any
from weakref import WeakMethod

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from retrodict.experiment import Placed
from retrodict.models import Population, loaded
from retrodict.models._dropout import MaskStream, dropped_of_65536
from retrodict.models.explicit import ExplicitTransformer
from retrodict.training._batches import Sentences
from retrodict.training._evaluation import Evaluation
from retrodict.training._policy import is_shared, threads_each, threads_of_torch, workers_of
from retrodict.training._update import Update
from retrodict.training._workers import ForkedWorkers, InThread, ThreadWorkers, Workers, can_fork


class OneByOne:
    """Each learner by itself; as many at a time as there are threads to work on them."""

    def __init__(
        self,
        experiment: Placed,
        population: Population,
        update: Update,
        sentences: Sentences,
        evaluation: Evaluation,
    ) -> None:
        self.experiment, self.population, self.update = experiment, population, update
        self.sentences, self.evaluation = sentences, evaluation
        self.rate = population.dropout
        explicit: Callable[[Population, int], ExplicitTransformer] = loaded(
            experiment.model.explicit
        )
        self.idle: LifoQueue[ExplicitTransformer] = LifoQueue()  # a process uses one
        for _ in range(workers_of(experiment)):
            self.idle.put(explicit(population, threads_each(experiment)))

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""
        return torch.tensor(self.workers.do("train", epoch), dtype=torch.float64)

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first."""
        found = self.workers.do("measure", epoch)
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    @cached_property
    def workers(self) -> Workers:
        """The workers; created at first use."""
        learners, parameters = self.population.flat.shape
        work = WeakMethod(self._work)  # workers must not keep alive what has to end them

        def do(what: str, epoch: int, s: int) -> Any:
            method = work()
            assert method is not None
            return method(what, epoch, s)

        if not is_shared(self.experiment, self.sentences.count, parameters):
            return InThread(do, learners)
        kind = ForkedWorkers if can_fork() else ThreadWorkers
        return kind(do, learners, workers_of(self.experiment))

    def _work(self, what: str, epoch: int, s: int) -> float | Mapping[str, np.ndarray]:
        model = self.idle.get()
        try:
            with torch.no_grad(), threads_of_torch(1):
                return (
                    self._train(model, epoch, s) if what == "train" else self._ask(model, epoch, s)
                )
        finally:
            self.idle.put(model)

    def _train(self, model: ExplicitTransformer, epoch: int, s: int) -> float:
        drops = dropped_of_65536(self.rate) > 0
        masks = MaskStream(self.population.seeds[s], epoch, self.rate) if drops else None
        learner = slice(s, s + 1)

        update = partial(self.update.apply, s)
        losses = []
        for batch in self.sentences.batches(learner, epoch):
            self.update.begin(learner)
            tokens, targets, *more = (None if part is None else part[0] for part in batch)
            assert tokens is not None
            assert targets is not None
            losses.append(model.step(s, tokens, targets, masks, update, *more))
        return float(torch.stack(losses).double().mean())

    def _ask(self, model: ExplicitTransformer, epoch: int, s: int) -> Mapping[str, np.ndarray]:
        return self.evaluation.measure(
            epoch,
            slice(s, s + 1),
            lambda tokens, first: model.logits(s, tokens[0], first).unsqueeze(0),
            lambda tokens: model.embed(s, tokens),
        )

"""How a population is stepped: its learners one by one, or all together.

One by one is the fast way on a CPU: each learner trains a whole epoch in the cache of one core
while others train on the other cores, and nothing it computes depends on how many they are. All
together is the way of every other device and model: one batched step for everybody, by autograd.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property, partial
from queue import LifoQueue
from typing import Any, NamedTuple, Protocol, runtime_checkable
from weakref import WeakMethod

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn import functional as F

from retrodict.experiment import Experiment, Training
from retrodict.host import products_of_float32
from retrodict.models import WIDE, Population, Transformer
from retrodict.models._dropout import HashMasks, MaskStream, dropped_of_65536
from retrodict.models._transformer import TransformerPopulation
from retrodict.models.explicit import ExplicitTransformer
from retrodict.objectives import Examples
from retrodict.seeds import DROPOUT, sentence_order, stream
from retrodict.training._compiler import refused, require_compiled
from retrodict.training._recorder import Recorder
from retrodict.training._update import Update
from retrodict.training._workers import Alone, Crew, Processes, Threads, can_fork

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


class Batch(NamedTuple):
    """What some learners see in a step: (learner, example, …), as in `objectives.Examples`."""

    inputs: Int[Tensor, "s batch length"]
    targets: Int[Tensor, "s batch position"]
    weights: Float[Tensor, "s batch position"] | None = None
    sees_all: Bool[Tensor, "s batch"] | None = None


class Sentences:
    """The training examples of all learners, each in an order of its own every epoch.

    Parameters:
        draw: a learner's examples in an epoch, by its number and the epoch's.
        is_fresh: whether they differ from epoch to epoch.
        training: seeds, and how many examples a step takes.
        dtype: of weights.
    """

    def __init__(
        self,
        draw: Callable[[int, int], Examples],
        is_fresh: bool,
        training: Training,
        dtype: torch.dtype,
    ) -> None:
        self.seeds, self.device = training.seeds, torch.device(training.device)
        self.draw, self.is_fresh, self.dtype = draw, is_fresh, dtype
        drawn = [draw(s, 0) for s in range(len(self.seeds))]
        self.all = self._batch(drawn)
        self.count: int = self.all.inputs.shape[1]
        self.length: int = self.all.inputs.shape[2]
        self.size = self.count if training.batch_size == "all" else training.batch_size
        self.first = drawn[0].first

    @property
    def steps(self) -> int:
        """Gradient steps an epoch; the last takes what is left."""
        return -(-self.count // self.size)

    def batches(self, learners: slice, epoch: int) -> list[Batch]:
        """Return the batches of some learners in an epoch, one a step."""
        chosen = range(len(self.seeds))[learners]
        orders = [sentence_order(self.seeds[s], epoch, self.count) for s in chosen]
        order = torch.from_numpy(np.stack(orders)).to(self.device)
        if self.is_fresh:
            whole = self._batch([self.draw(s, epoch) for s in chosen])
        else:
            whole = _as_batch([None if part is None else part[learners] for part in self.all])
        parts = [
            [None] * self.steps if part is None else _shuffled(part, order).split(self.size, 1)
            for part in whole
        ]
        return [_as_batch(step) for step in zip(*parts, strict=True)]

    def _batch(self, examples: Sequence[Examples]) -> Batch:
        def stack(name: str) -> Tensor | None:
            parts = [getattr(one, name) for one in examples]
            if parts[0] is None:
                return None
            found = torch.from_numpy(np.stack(parts))
            return found.to(self.device, self.dtype if name == "weights" else None)

        return _as_batch([stack(name) for name in Batch._fields])


def _as_batch(parts: Sequence[Tensor | None]) -> Batch:
    inputs, targets, weights, sees_all = parts
    assert inputs is not None
    assert targets is not None
    return Batch(inputs, targets, weights, sees_all)


def _shuffled(part: Tensor, order: Int[Tensor, "s example"]) -> Tensor:
    if part.dim() == 2:
        return part.gather(1, order)
    return part.gather(1, order.unsqueeze(-1).expand(-1, -1, part.shape[2]))


def workers_of(experiment: Experiment) -> int:
    """Return how many learners are in work at a time, where they are trained one by one."""
    training = experiment.training
    return min(int(training.threads) // threads_each(experiment), training.learners)


def threads_each(experiment: Experiment) -> int:
    """Return how many threads work on a learner, where they are trained one by one."""
    model = experiment.model
    wide = isinstance(model, Transformer) and model.d_model >= WIDE
    return int(experiment.training.threads) if wide else 1


def engine_for(
    experiment: Experiment,
    population: Population,
    update: Update,
    sentences: Sentences,
    recorder: Recorder,
) -> Engine:
    """Choose how the population of a resolved experiment is stepped."""
    if isinstance(population, TransformerPopulation) and experiment.is_one_by_one:
        return OneByOne(experiment, population, update, sentences, recorder)
    return Together(experiment, population, update, sentences, recorder)


class OneByOne:
    """Each learner by itself; as many at a time as there are threads to work on them."""

    def __init__(
        self,
        experiment: Experiment,
        population: TransformerPopulation,
        update: Update,
        sentences: Sentences,
        recorder: Recorder,
    ) -> None:
        self.experiment, self.population, self.update = experiment, population, update
        self.sentences, self.recorder = sentences, recorder
        self.rate = population.config.dropout
        self.idle: LifoQueue[ExplicitTransformer] = LifoQueue()  # a process uses one
        for _ in range(workers_of(experiment)):
            self.idle.put(ExplicitTransformer(population, threads_each(experiment)))

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""
        return torch.tensor(self.crew.do("train", epoch), dtype=torch.float64)

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first."""
        found = self.crew.do("measure", epoch)
        return {name: np.concatenate([part[name] for part in found]) for name in found[0]}

    @cached_property
    def crew(self) -> Crew:
        """Who does the work; made when there first is any."""
        learners, workers = self.population.learners, workers_of(self.experiment)
        work = WeakMethod(self._work)  # a crew must not keep alive what has to end it

        def do(what: str, epoch: int, s: int) -> Any:
            method = work()
            assert method is not None
            return method(what, epoch, s)

        planned = self.experiment.training.epochs * self.sentences.count * learners
        if workers == 1 or planned * self.population.flat.shape[1] < SHARE_FROM:
            return Alone(do, learners)
        return (Processes if can_fork() else Threads)(do, learners, workers)

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
        embeddings = self.population.token_embedding[s].detach()
        return self.recorder.measure(
            epoch,
            slice(s, s + 1),
            lambda tokens, first: model.logits(s, tokens[0], first).unsqueeze(0),
            lambda tokens: embeddings[tokens],
        )


class Together:
    """All learners in one batched step, by autograd."""

    def __init__(
        self,
        experiment: Experiment,
        population: Population,
        update: Update,
        sentences: Sentences,
        recorder: Recorder,
    ) -> None:
        self.population, self.update, self.sentences = population, update, sentences
        self.recorder = recorder
        self.device, model = sentences.device, experiment.model
        self.rate = model.dropout if isinstance(model, Transformer) else 0.0
        self.threads = int(experiment.training.threads) if experiment.threads_matter else 1
        self.precision = experiment.training.precision
        self.compiled = experiment.execution == "compiled"
        if self.compiled:
            torch.compiler.reset()  # what others compiled counts against a limit of ours
        self._replays: dict[tuple[int, ...], Callable[..., Tensor]] = {}

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""
        keys = self._keys(epoch)
        losses = []
        with products_in(self.precision), threads_of_torch(self.threads):
            for step, batch in enumerate(self.sentences.batches(slice(None), epoch)):
                losses.append(self._gradients(batch, keys[step]))
                self.update.begin(slice(None))
                self.update.apply_all(self.population.flat_grad)
        return torch.stack(losses).double().mean(0)

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first.

        Without lower precision: what is measured is the weights, not how they are asked.
        """
        with torch.no_grad(), products_in("float32"), threads_of_torch(self.threads):
            return self.recorder.measure(epoch, slice(None), self.population, self.population.embed)

    def _gradients(self, batch: Batch, keys: Tensor) -> Tensor:
        """Write `flat_grad`; return each learner's loss."""
        given = [keys, *(part.contiguous() for part in batch if part is not None)]
        if not (self.compiled and self.device.type == "cuda"):
            return self._forward_backward(*given)
        shape = tuple(batch.inputs.shape)
        if shape not in self._replays:
            self._replays[shape] = captured(self._forward_backward, given)
        return self._replays[shape](*given)

    def _forward_backward(self, keys: Tensor, *batch: Tensor) -> Tensor:
        work = self._compiled if self.compiled else self._losses_of
        try:
            losses = work(keys, *batch)
            self.population.backward(losses.sum())
        except Exception as error:
            if self.compiled and (told := refused(error)):
                raise told from error
            raise
        return losses.detach()

    @cached_property
    def _compiled(self) -> Callable[..., Tensor]:
        def losses_of(*given: Tensor) -> Tensor:
            require_compiled()
            return self._losses_of(*given)

        return torch.compile(losses_of, fullgraph=True, dynamic=False)

    def _losses_of(
        self,
        keys: Tensor,
        inputs: Tensor,
        targets: Tensor,
        weights: Tensor | None = None,
        sees_all: Tensor | None = None,
    ) -> Tensor:
        drops, dtype = dropped_of_65536(self.rate) > 0, self.population.flat.dtype
        masks = HashMasks(keys, self.rate, dtype) if drops else None
        with self._autocast():
            more = () if sees_all is None else (sees_all,)
            logits = self.population(inputs, self.sentences.first, masks, *more)
        token_nll = F.cross_entropy(
            logits.flatten(0, 2).to(dtype), targets.flatten(), reduction="none"
        )
        if weights is not None:
            token_nll = token_nll * weights.flatten()
        return token_nll.view(len(logits), -1).mean(1)

    def _keys(self, epoch: int) -> Int[Tensor, "step learner"]:
        """Numbers that decide the dropout masks of each step and learner of an epoch."""
        drawn = [
            stream(seed, DROPOUT, epoch).generate_state(self.sentences.steps, np.uint32)
            for seed in self.population.seeds
        ]
        return torch.from_numpy(np.stack(drawn, 1).astype(np.int64)).to(self.device)

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self.precision != "bfloat16":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def captured(
    work: Callable[..., Tensor], example: Sequence[Tensor]
) -> Callable[..., Float[Tensor, " learner"]]:
    """Record what `work` launches on a GPU as one graph, and return a replay of it.

    At a few tokens a sentence, launching kernels one by one would take longer than running them.
    Parameters are read where they lie, so updates in place are seen.
    """
    device = example[0].device
    static = [tensor.clone() for tensor in example]
    with torch.cuda.device(device):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # compiles, and lets libraries make their workspaces
            for _ in range(3):
                work(*static)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work(*static)

    def replay(*given: Tensor) -> Tensor:
        for home, tensor in zip(static, given, strict=True):
            home.copy_(tensor)
        with torch.cuda.device(device):
            graph.replay()
        return result.clone()

    return replay


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

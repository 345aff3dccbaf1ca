"""The training loop: epochs of minibatch steps for all learners at once."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from retrodict.errors import Interrupted
from retrodict.experiment import AdamW, Experiment
from retrodict.seeds import DROPOUT, sentence_order, torch_generator
from retrodict.trace import Trace
from retrodict.training._checkpoint import Checkpoint
from retrodict.training._memory import require_memory
from retrodict.training._recorder import Recorder

CHECKPOINT_SECONDS = 30.0
CHECKPOINT_SHARE = 0.05  # of the time may go into writing checkpoints

_DTYPES = {"float32": torch.float32, "float64": torch.float64}


@dataclass(frozen=True)
class Hooks:
    """What the surroundings want to know from, and tell, a training in progress.

    Attributes:
        progress: called with the number of epochs done.
        stop: asked after each epoch; True writes a checkpoint and raises `Interrupted`.
        checkpoint: where the checkpoint lives; None keeps none.
        checkpoint_seconds: time between two checkpoints.
    """

    progress: Callable[[int], None] = lambda epoch: None
    stop: Callable[[], bool] = lambda: False
    checkpoint: Path | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS


@dataclass(frozen=True)
class Outcome:
    """What a training leaves behind.

    Attributes:
        trace: what was recorded.
        weights: final parameters by name, each with a leading learner axis.
    """

    trace: Trace
    weights: Mapping[str, Tensor]


def train(experiment: Experiment, hooks: Hooks | None = None) -> Outcome:
    """Train the population of an experiment.

    If the hooks name a checkpoint that exists, training goes on from it, with the result that an
    uninterrupted run would have had (on a CPU: the same bits).

    Raises:
        BadInput: the experiment does not fit this machine.
        CannotFinish: a checkpoint cannot be written or read.
        Interrupted: `hooks.stop` said so.
    """
    hooks = hooks or Hooks()
    experiment = experiment.resolved()
    require_memory(experiment)
    with _threads(int(experiment.training.threads)):
        trainer = Trainer(experiment)
        epoch = trainer.resume(hooks.checkpoint)
        hooks.progress(epoch)
        clock = _CheckpointClock(hooks.checkpoint_seconds)
        while epoch < experiment.training.epochs and trainer.recorder.alive.any():
            epoch += 1
            trainer.run_epoch(epoch)
            hooks.progress(epoch)
            stopping = epoch < experiment.training.epochs and hooks.stop()
            if hooks.checkpoint and (stopping or clock.due()):
                with clock.writing():
                    trainer.checkpoint(epoch).save(hooks.checkpoint)
            if stopping:
                raise Interrupted(epoch)
        return Outcome(trainer.recorder.trace(), dict(trainer.population.named_parameters()))


class Trainer:
    """A population, its data, its optimiser and its recorder.

    Parameters:
        experiment: a resolved experiment.
    """

    def __init__(self, experiment: Experiment) -> None:
        training = experiment.training
        self.experiment, self.device = experiment, torch.device(training.device)
        seeds = training.seeds
        shared = training.corpus_seed
        corpora = [experiment.task.corpus(seed if shared is None else shared) for seed in seeds]
        examples = [experiment.objective.examples(corpus) for corpus in corpora]
        self.first = examples[0].first
        self.inputs = torch.from_numpy(np.stack([e.inputs for e in examples])).to(self.device)
        self.targets = torch.from_numpy(np.stack([e.targets for e in examples])).to(self.device)
        self.population = experiment.model.build(
            corpora[0].vocab_size,
            self.inputs.shape[-1],
            seeds,
            self.device,
            _DTYPES[training.precision],
        )
        self.rows = [row.detach() for row in self.population.flat]
        for row, gradient in zip(self.rows, self.population.flat_grad, strict=True):
            row.grad = gradient
        self.optimizer = _optimizer(experiment, self.rows)
        self.recorder = Recorder(experiment, corpora, self.device)

    @property
    def steps(self) -> int:
        """Gradient steps an epoch."""
        return -(-self.inputs.shape[1] // self.batch_size)

    @property
    def batch_size(self) -> int:
        """Sentences a step; the last step of an epoch takes what is left."""
        size = self.experiment.training.batch_size
        return self.inputs.shape[1] if size == "all" else size

    def run_epoch(self, epoch: int) -> None:
        """Pass once over the training sentences, then record."""
        self.record(epoch, self.train_epoch(epoch))

    def train_epoch(self, epoch: int) -> Float[np.ndarray, " learner"]:
        """Pass once over the training sentences, each learner in its own order.

        Returns:
            Each learner's mean over the steps of the loss before the step, dropout on.
        """
        order = self._order(epoch)
        inputs = torch.take_along_dim(self.inputs, order.unsqueeze(-1), dim=1)
        targets = torch.take_along_dim(self.targets, order.unsqueeze(-1), dim=1)
        drop = [
            torch_generator(seed, DROPOUT, epoch, self.device) for seed in self.population.seeds
        ]
        size = self.batch_size
        losses = [
            self.step(batch, answers, drop)
            for batch, answers in zip(inputs.split(size, 1), targets.split(size, 1), strict=True)
        ]
        mean: Float[np.ndarray, " learner"] = torch.stack(losses).double().mean(0).cpu().numpy()
        return mean

    def record(self, epoch: int, losses: Float[np.ndarray, " learner"]) -> None:
        """Evaluate where this epoch is one to record; end learners that are not finite."""
        if self.recorder.wants(epoch):
            self.recorder.record(epoch, self.population, losses)
        else:
            self.recorder.check(epoch, losses)

    def step(
        self,
        inputs: Int[Tensor, "learner batch length"],
        targets: Int[Tensor, "learner batch position"],
        drop: list[torch.Generator],
    ) -> Float[Tensor, " learner"]:
        """Take one gradient step; return each learner's loss before it."""
        logits = self.population(inputs, self.first, drop)
        token_nll = F.cross_entropy(logits.flatten(0, 2), targets.flatten(), reduction="none")
        losses = token_nll.view(len(logits), -1).mean(1)
        self.population.backward(losses.sum())
        self.optimizer.step()
        return losses.detach()

    def _order(self, epoch: int) -> Int[Tensor, "learner sentence"]:
        sentences = self.inputs.shape[1]
        orders = [sentence_order(seed, epoch, sentences) for seed in self.population.seeds]
        return torch.from_numpy(np.stack(orders)).to(self.device)

    def resume(self, path: Path | None) -> int:
        """Take up a checkpoint if there is one; return the epochs done."""
        if path is None or not path.exists():
            nothing = np.full(self.population.learners, np.nan)
            self.recorder.record(0, self.population, nothing)
            return 0
        saved = Checkpoint.load(path, self.experiment.digest())
        self.population.flat.copy_(saved.tensors["flat"])
        for name, tensor in saved.tensors.items():
            part, _, key = name.partition("/")
            if part == "optimizer":
                for row, value in zip(self.rows, tensor.to(self.device), strict=True):
                    self.optimizer.state[row][key] = value.clone()
            elif part == "record":
                self.recorder.arrays[key][:] = tensor.numpy()
        return saved.epoch

    def checkpoint(self, epoch: int) -> Checkpoint:
        """Collect everything that going on from here needs."""
        tensors = {"flat": self.population.flat}
        for key in self.optimizer.state[self.rows[0]]:
            values = [self.optimizer.state[row][key] for row in self.rows]
            if isinstance(values[0], Tensor):
                tensors[f"optimizer/{key}"] = torch.stack(values)
        for name, array in self.recorder.arrays.items():
            tensors[f"record/{name}"] = torch.from_numpy(array)
        return Checkpoint(epoch, self.experiment.digest(), tensors)


def _optimizer(experiment: Experiment, rows: list[Tensor]) -> torch.optim.Optimizer:
    """One vector a learner: its update is one fused pass that no other learner takes part in."""
    config = experiment.optimizer
    if isinstance(config, AdamW):
        return torch.optim.AdamW(
            rows,
            lr=config.lr,
            betas=config.betas,
            eps=config.eps,
            weight_decay=config.weight_decay,
            fused=True,
        )
    return torch.optim.SGD(
        rows,
        lr=config.lr,
        momentum=config.momentum,
        weight_decay=config.weight_decay,
        fused=True,
    )


class _CheckpointClock:
    """Says when the next checkpoint is due: by time, but never more than a share of it."""

    def __init__(self, seconds: float) -> None:
        self.interval = seconds
        self.last = time.monotonic()

    def due(self) -> bool:
        return time.monotonic() - self.last >= self.interval

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.last = time.monotonic()
        self.interval = max(self.interval, (self.last - start) / CHECKPOINT_SHARE)


@contextlib.contextmanager
def _threads(count: int) -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)

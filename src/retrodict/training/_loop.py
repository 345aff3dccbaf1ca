"""The training loop: epochs of minibatch steps for all learners at once."""

from __future__ import annotations

import contextlib
import gc
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from retrodict.errors import Interrupted
from retrodict.experiment import Placed
from retrodict.files import is_there
from retrodict.host import own_settings
from retrodict.limits import on_all_cores
from retrodict.trace import Recording, Trace, are_ends
from retrodict.training._batches import Sentences
from retrodict.training._checkpoint import Checkpoint, unusable
from retrodict.training._chunks import Part, parts_of
from retrodict.training._evaluation import Evaluation
from retrodict.training._one_by_one import OneByOne
from retrodict.training._policy import Engine, threads_of_torch
from retrodict.training._together import Together
from retrodict.training._update import update_of

CHECKPOINT_SECONDS = 30.0
CHECKPOINT_SHARE = 0.05  # of the time may go into writing checkpoints

DTYPES = {
    "float32": torch.float32,
    "tf32": torch.float32,
    "bfloat16": torch.float32,
    "float64": torch.float64,
}
"""Of parameters; TF32 and bfloat16 are for the factors of products alone."""


@dataclass(frozen=True)
class Hooks:
    """Callbacks and settings of a training in progress.

    Attributes:
        progress: called with the number of epochs done.
        stop: asked after each epoch; True writes a checkpoint and raises `Interrupted`.
        note: called with one line for the user.
        checkpoint: where the checkpoint lives; None keeps none.
        checkpoint_seconds: time between two checkpoints.
    """

    progress: Callable[[int], None] = lambda epoch: None
    stop: Callable[[], bool] = lambda: False
    note: Callable[[str], None] = lambda text: None
    checkpoint: Path | None = None
    checkpoint_seconds: float = CHECKPOINT_SECONDS


@dataclass(frozen=True)
class Outcome:
    """The results of a training.

    Attributes:
        trace: what was recorded.
        weights: final parameters by name, each with a leading learner axis.
    """

    trace: Trace
    weights: Mapping[str, Tensor]


@own_settings()
def train(experiment: Placed, hooks: Hooks | None = None) -> Outcome:
    """Train the population of an experiment.

    Learners that do not fit into memory at once are trained in parts. If the hooks name a
    checkpoint that exists, training continues from it, with the result that an uninterrupted run
    would have had (on a CPU: the same bits).

    Raises:
        BadInput: the experiment does not fit this machine.
        CannotFinish: a checkpoint cannot be written or read, or the compiler gives up on a step.
        Interrupted: `hooks.stop` said so.
    """
    hooks = hooks or Hooks()
    if experiment.training.device != "cpu":
        release()
    parts = parts_of(experiment, hooks.checkpoint)
    if len(parts) > 1:
        sizes = ", ".join(str(part.experiment.training.learners) for part in parts)
        hooks.note(
            f"{experiment.training.learners} learners do not fit into memory at once; "
            f"training them in {len(parts)} parts, one after another: {sizes}"
        )
    with on_all_cores(), threads_of_torch(experiment.threads):
        done = [_train_part(part, i, len(parts), hooks) for i, part in enumerate(parts)]
    if len(done) == 1:
        return Outcome(done[0].recording.trace(), done[0].weights)
    whole = Recording(experiment, [c for one in done for c in one.recording.corpora], "training")
    for name, array in whole.arrays.items():
        array[:] = np.concatenate([one.recording.arrays[name] for one in done])
    joined = {  # each goes as it is joined: all of them twice might not fit
        name: torch.cat([one.weights.pop(name) for one in done]) for name in list(done[0].weights)
    }
    return Outcome(whole.trace(), joined)


def release() -> None:
    """Give back what finished trainings held; a GPU's memory does not ask the collector for it."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


class _Done(NamedTuple):
    """The results of training a part."""

    recording: Recording
    weights: dict[str, Tensor]


def _train_part(part: Part, number: int, of: int, hooks: Hooks) -> _Done:
    """Train some learners to the end; where there are other parts, keep the end on disk."""
    if number:
        release()  # what the part before held
    trainer = Trainer(part.experiment)
    epochs = part.experiment.training.epochs

    def progress(epoch: int) -> None:
        hooks.progress((number * epochs + epoch) // of)

    epoch = trainer.resume(part.checkpoint)
    progress(epoch)
    clock = _CheckpointClock(hooks.checkpoint_seconds)
    while epoch < epochs and trainer.recording.alive.any():
        epoch += 1
        trainer.run_epoch(epoch)
        progress(epoch)
        stopping = not (epoch == epochs and number == of - 1) and hooks.stop()
        if part.checkpoint and (stopping or clock.due()):
            with clock.writing():
                trainer.checkpoint(epoch).save(part.checkpoint)
        if stopping:
            raise Interrupted(epoch)
    if part.checkpoint and of > 1:
        trainer.checkpoint(epoch).save(part.checkpoint)
    weights = {name: w.detach() for name, w in trainer.population.named_parameters()}
    if of > 1:  # only the weights stay, and not on the device
        weights = {name: w.to("cpu", copy=True) for name, w in weights.items()}
    return _Done(trainer.recording, weights)


class Trainer:
    """A population, its data, its optimiser, its recording, and the engine that steps it."""

    @own_settings()
    def __init__(self, experiment: Placed) -> None:
        self.experiment, training = experiment, experiment.training
        self.device, dtype = torch.device(training.device), DTYPES[training.precision]
        corpora = experiment.corpora()
        self.sentences = Sentences(experiment, corpora, dtype)
        self.population = experiment.model.build(
            corpora[0].vocab_size, self.sentences.length, training.seeds, self.device, dtype
        )
        self.update = update_of(experiment.optimizer, self.population.flat)
        self.recording = Recording(experiment, corpora, "training")
        evaluation = Evaluation(self.recording, self.device)
        engine = OneByOne if experiment.is_one_by_one else Together
        self.engine: Engine = engine(
            experiment, self.population, self.update, self.sentences, evaluation
        )

    @own_settings()
    def run_epoch(self, epoch: int) -> None:
        """Pass once over the training sentences, then record."""
        self.record(epoch, self.train_epoch(epoch))

    @own_settings()
    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the training sentences, each learner in its own order.

        Returns:
            Each learner's mean over the steps of the loss before the step, dropout on.
        """
        return self.engine.train_epoch(epoch)

    @own_settings()
    def record(self, epoch: int, losses: Float[Tensor, " learner"]) -> None:
        """Evaluate where this epoch is one to record; end learners that are not finite.

        Between two evaluations nothing is read off a GPU, which would have to be waited for.

        Args:
            epoch: passes over the training sentences so far.
            losses: each learner's mean training loss during the last pass; NaN at epoch 0. A
                learner whose loss or evaluation is not finite ends here.
        """
        recording, wanted = self.recording, self.recording.wants(epoch)
        if not wanted and self.device.type != "cpu":
            return
        means = losses.cpu().numpy()
        recording.end(epoch, means)
        if wanted:
            found = self.engine.measure(epoch)
            if "nll" in found:
                recording.end(epoch, found["nll"].sum(axis=1))
                found["training_loss"] = means
            alive = recording.alive
            recording.write(epoch, alive, {name: values[alive] for name, values in found.items()})

    @own_settings()
    def resume(self, path: Path | None) -> int:
        """Load a checkpoint if there is one; return the epochs done."""
        if path is None or not is_there(path):
            self.record(0, torch.full((self.population.learners,), math.nan))
            return 0
        last = self.checkpoint(self.experiment.training.epochs)
        saved = Checkpoint.load(path, last.digest, last, self.experiment.goes_by)
        if not are_ends(saved.tensors["record/diverged_at"].numpy(), saved.epoch):
            raise unusable(
                path, "it is damaged: a learner diverged at an epoch that does not exist"
            )
        self.population.flat.copy_(saved.tensors["flat"])
        for name, tensor in saved.tensors.items():
            part, _, key = name.partition("/")
            if part == "optimizer":
                self.update.state[key].copy_(tensor)
            elif part == "record":
                self.recording.arrays[key][:] = tensor.numpy()
        return saved.epoch

    @own_settings()
    def checkpoint(self, epoch: int) -> Checkpoint:
        """Collect everything needed to continue from here."""
        tensors = {"flat": self.population.flat}
        tensors |= {f"optimizer/{key}": value for key, value in self.update.state.items()}
        for name, array in self.recording.arrays.items():
            tensors[f"record/{name}"] = torch.from_numpy(array)
        return Checkpoint(epoch, self.experiment.digest(), tensors)


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

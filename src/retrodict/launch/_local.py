"""Run one experiment on this machine: answer from the store, go on from a checkpoint, or train."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType
from typing import Protocol, runtime_checkable

from retrodict.errors import Interrupted
from retrodict.experiment import Experiment
from retrodict.launch._cores import cores
from retrodict.runs import Run, Store
from retrodict.trace import Trace

_POLL_SECONDS = 0.2


@runtime_checkable
class Reporter(Protocol):
    """What a launcher tells the person who waits."""

    def waiting(self, why: str) -> None:
        """Something else has to end first."""

    def note(self, text: str) -> None:
        """Something about the training that a person should know."""

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """So many epochs are done."""

    def working(self, what: str, share: float) -> None:
        """A share, 0 to 1, of something that is no training is done."""

    def cell(self, number: int, of: int, label: str) -> None:
        """The next training is this cell, from 1, of a grid of so many."""


def execute(
    experiment: Experiment, store: Store, reporter: Reporter, keep_weights: bool = True
) -> Run:
    """Return the finished run of an experiment, training what is missing.

    Ctrl-C (or a termination signal) ends the training after the epoch in progress, with a
    checkpoint; a second one ends it at once, at the checkpoint before.

    Args:
        experiment: what to run.
        store: where runs are found and kept.
        reporter: is told about progress.
        keep_weights: whether the final weights are kept in the run.

    Raises:
        BadInput: the experiment does not fit this machine, or the store cannot be written to.
        CannotFinish: the run is damaged, or the disk is full.
        Interrupted: it was asked to stop; asked again, it goes on.
    """
    experiment = experiment.resolved()
    run = store.run(experiment)
    if run.finished:
        _ = run.experiment  # refuses a folder whose content is not what its name says
        return run
    _require_memory(experiment)
    store.prepare(experiment)
    with _stop_signals() as stop, contextlib.ExitStack() as stack:
        while not stack.enter_context(run.claim(timeout=_POLL_SECONDS)):
            reporter.waiting(f"another process trains {run.folder.name}")
            stop.check()
        if run.finished:
            return run
        run.begin(experiment)
        if experiment.training.device == "cpu":
            threads = int(experiment.training.threads)

            def waiting() -> None:
                reporter.waiting(f"other trainings use the cores; this one needs {threads}")
                stop.check()

            stack.enter_context(cores(threads, waiting))
        _train(experiment, run, reporter, stop, keep_weights)
    return run


def _require_memory(experiment: Experiment) -> None:
    from retrodict.training import learners_at_a_time

    learners_at_a_time(experiment)


def train(experiment: Experiment) -> Trace:
    """Train an experiment in memory and return its trace; nothing is stored.

    Raises:
        BadInput: the experiment does not fit this machine.

    >>> tiny = Experiment(
    ...     task={"kind": "reversal", "vocab_size": 8},
    ...     model={"kind": "transformer", "n_layer": 1, "n_head": 1, "d_model": 8},
    ...     training={"epochs": 2, "learners": 3},
    ... )
    >>> dict(train(tiny).nll.sizes)
    {'learner': 3, 'epoch': 3, 'group': 4}
    """
    from retrodict.training import train as train_population

    return train_population(experiment).trace


def _train(
    experiment: Experiment, run: Run, reporter: Reporter, stop: _Stop, keep_weights: bool
) -> None:
    from retrodict.training import Hooks, train

    resumed = run.has_checkpoint
    run.log("resumed" if resumed else "started")
    epochs = experiment.training.epochs
    start = time.monotonic()
    hooks = Hooks(
        progress=lambda epoch: reporter.training(run, epoch, epochs),
        stop=lambda: stop.asked,
        note=reporter.note,
        checkpoint=run.checkpoint,
    )
    try:
        outcome = train(experiment, hooks)
    except Interrupted as stopped:
        run.log("interrupted", epoch=stopped.epoch, seconds=round(time.monotonic() - start, 3))
        raise
    run.finish(experiment, outcome.trace, outcome.weights if keep_weights else None)
    run.log("finished", seconds=round(time.monotonic() - start, 3))


class _Stop:
    """Whether someone asked to stop."""

    asked = False

    def check(self) -> None:
        """Give up waiting if so."""
        if self.asked:
            raise KeyboardInterrupt


@contextlib.contextmanager
def _stop_signals() -> Iterator[_Stop]:
    """Turn the first Ctrl-C, termination or hang-up into a request, the second into an end."""
    stop = _Stop()
    if threading.current_thread() is not threading.main_thread():
        yield stop
        return

    def ask(signum: int, frame: FrameType | None) -> None:
        if stop.asked:
            raise KeyboardInterrupt
        stop.asked = True

    wanted = [signal.SIGINT, signal.SIGTERM]
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        wanted.append(signal.SIGHUP)  # the terminal was closed, and not under nohup
    before = {s: signal.signal(s, ask) for s in wanted}
    try:
        yield stop
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)

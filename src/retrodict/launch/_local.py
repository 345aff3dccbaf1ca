"""Run an experiment on this machine: return its stored run, or resume or start its training."""

from __future__ import annotations

import contextlib
import os
import socket
import time
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from retrodict.errors import BadInput, CannotFinish, Interrupted
from retrodict.experiment import Experiment, Placed
from retrodict.host import own_settings
from retrodict.launch._cores import cores
from retrodict.runs import Provenance, Run, Store
from retrodict.signals import Stop, stop_signals
from retrodict.trace import Trace

_POLL_SECONDS = 0.2
_PROGRESS_SECONDS = 1.0  # between two updates of the progress file


@dataclass(frozen=True)
class Job:
    """One population to be trained: its placed experiment, and the user's name for it."""

    experiment: Placed
    label: str = ""


@dataclass(frozen=True)
class Ended:
    """How the job at this position ended: its finished run, or why it failed."""

    index: int
    run: Run | None
    error: BadInput | CannotFinish | None = None


class Reporter:
    """Receives messages for the user. This base class ignores them."""

    def waiting(self, why: str) -> None:
        """Report why training has to wait."""

    def note(self, text: str) -> None:
        """Report something about the training that the user should know."""

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """Report the epochs done."""

    def working(self, what: str, share: float) -> None:
        """Report the share, 0 to 1, of work other than training that is done."""

    def cell(self, number: int, of: int, label: str) -> None:
        """Report that training of a grid's cell begins; the first has number 1."""

    def overview(self, done: int, of: int, share: float, running: Sequence[Running]) -> None:
        """Report how many of several trainings are done, and which share of all their epochs."""


@dataclass(frozen=True)
class Running:
    """A training in progress, in this process or another."""

    name: str
    epoch: int
    epochs: int


class Locked(Exception):
    """Another process is training this run."""


@own_settings()
def execute(
    experiment: Placed,
    store: Store,
    reporter: Reporter,
    keep_weights: bool = True,
    wait: bool = True,
    count_cores: bool = True,
) -> Run:
    """Return the finished run of an experiment, training it if necessary.

    Ctrl-C (or a termination signal) ends the training after the current epoch, with a checkpoint. A
    second one ends it at once; the last checkpoint stays.

    Args:
        experiment: placed on this machine.
        store: where runs are found and kept.
        reporter: receives progress.
        keep_weights: whether the run keeps the final weights.
        wait: whether to wait for another process that trains it.
        count_cores: whether to wait for free cores; False where a scheduler assigns cores.

    Raises:
        BadInput: the experiment does not fit into memory, or the store cannot be written to.
        CannotFinish: the run is damaged, or the disk is full.
        Locked: another process is training it, and `wait` is false.
        Interrupted: it was asked to stop; the same call continues.
    """
    run = store.run(experiment)
    if is_answered(run):
        return run
    from retrodict.training import as_it_can_run, learners_at_a_time

    if (eager := as_it_can_run(experiment, reporter.note)) != experiment:
        return execute(eager, store, reporter, keep_weights, wait, count_cores)
    learners_at_a_time(experiment)  # refuses what does not fit into memory
    store.prepare(experiment)
    with stop_signals() as stop, contextlib.ExitStack() as stack:
        _claim(run, reporter, stop, stack, wait)
        if run.finished:
            return run
        if not run.exists:
            _tell_of_others(experiment, store, reporter)
        run.begin(experiment)
        if experiment.training.device == "cpu" and count_cores:

            def waiting(why: str) -> None:
                reporter.waiting(why)
                stop.check()

            stack.enter_context(cores(experiment.threads, waiting, run.folder.name))
        _train(experiment, run, reporter, stop, keep_weights)
        stop.check()  # if asked in the last epoch, this run is complete and no other should begin
    return run


def _claim(
    run: Run, reporter: Reporter, stop: Stop, stack: contextlib.ExitStack, wait: bool
) -> None:
    """Lock a run until a stack ends. While another process holds the lock, report its progress."""
    while True:
        with contextlib.ExitStack() as attempt:
            if attempt.enter_context(run.lock(_POLL_SECONDS if wait else 0.0, reporter.note)):
                stack.push(attempt.pop_all())
                return
        if not wait:
            raise Locked
        reporter.waiting(f"{_owner(run)} trains {run.folder.name}")
        if far := run.progress:
            reporter.training(run, far.epoch, far.epochs)
        stop.check()


def is_answered(run: Run) -> bool:
    """Whether a run is finished; raise CannotFinish if it or its experiment is damaged."""
    return run.finished and bool(run.experiment)


def _tell_of_others(experiment: Placed, store: Store, reporter: Reporter) -> None:
    """Report stored runs of the same experiment with another number of threads."""
    if experiment.threads_matter:
        for threads, run in store.by_threads(experiment).items():
            if run.exists:
                reporter.note(
                    f"{run.folder}: the same experiment with training.threads={threads}, which can "
                    "alter bits; this is a separate run and starts from the beginning"
                )


def _owner(run: Run) -> str:
    """Describe the process that last began or resumed a run."""
    for event in reversed(run.events()):
        if event["event"] in ("started", "resumed") and {"host", "pid"} <= event.keys():
            return f"process {event['pid']} on {event['host']}"
    return "another process"


@own_settings()
def train(experiment: Experiment) -> Trace:
    """Train an experiment in memory and return its trace; nothing is stored.

    Notes, for example that a step could not be compiled, become warnings.

    Raises:
        BadInput: it is not an Experiment, or it does not fit this machine.

    >>> tiny = Experiment(
    ...     task={"kind": "reversal", "vocab_size": 8},
    ...     model={"kind": "transformer", "n_layer": 1, "n_head": 1, "d_model": 8},
    ...     training={"epochs": 2, "learners": 3},
    ... )
    >>> dict(train(tiny).nll.sizes)
    {'learner': 3, 'epoch': 3, 'group': 4}
    """
    if not isinstance(experiment, Experiment):
        kind = type(experiment).__name__
        raise BadInput(
            f"train: expected an Experiment, got a {kind}; Experiment.from_yaml(path) reads one"
        )
    from retrodict.training import Hooks, as_it_can_run
    from retrodict.training import train as train_population

    placed = as_it_can_run(experiment.placed(fewer=True), warnings.warn)
    return train_population(placed, Hooks(note=warnings.warn)).trace


def _train(
    experiment: Placed, run: Run, reporter: Reporter, stop: Stop, keep_weights: bool
) -> None:
    from retrodict.training import Hooks, train

    resumed = run.has_checkpoint
    run.log("resumed" if resumed else "started", host=socket.gethostname(), pid=os.getpid())
    if resumed and Provenance.of(run).code_changed:
        reporter.note(
            f"{run.folder.name} continues from a checkpoint of other code: its numbers may be "
            "those of neither version"
        )
    epochs = experiment.training.epochs
    start = time.monotonic()
    written = float("-inf")

    def progress(epoch: int) -> None:
        nonlocal written
        now = time.monotonic()
        if now - written >= _PROGRESS_SECONDS:
            written = now
            run.write_progress(epoch, epochs)
        reporter.training(run, epoch, epochs)

    hooks = Hooks(
        progress=progress,
        stop=lambda: stop.asked,
        note=reporter.note,
        checkpoint=run.checkpoint,
    )
    try:
        outcome = train(experiment, hooks)
    except Interrupted as stopped:
        run.log("interrupted", epoch=stopped.epoch, seconds=round(time.monotonic() - start, 3))
        raise
    run.finish(outcome.trace, outcome.weights if keep_weights else None)
    run.clear_progress()
    run.log("finished", seconds=round(time.monotonic() - start, 3))

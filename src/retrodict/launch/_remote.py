"""What Ray and Slurm have in common: an errand a population, and answers gathered as they come.

Scheduling, retries and placement are theirs. A worker finds the run in the store, goes on from its
checkpoint if there is one, and answers with a few words; the results are in the store.
"""

from __future__ import annotations

import contextlib
import importlib.util
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from retrodict.errors import OUT_OF_MEMORY, BadInput, CannotFinish, Unreadable, is_out_of_memory
from retrodict.experiment import Experiment
from retrodict.launch._job import Ended, Job
from retrodict.launch._launcher import require_space
from retrodict.launch._local import Reporter, Running, execute, is_answered
from retrodict.launch._overview import Overview
from retrodict.runs import Run, Store, require_writable
from retrodict.signals import stop_signals

_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 60.0  # until a change is seen everywhere on a shared file system, at most

GOES_ON = "the same command goes on from its checkpoint"


@dataclass(frozen=True)
class Answer:
    """What a worker says of an errand.

    Attributes:
        run: what it calls the run that was asked for.
        error: why it is not finished, if so.
        notes: what a person should know.
        kept: the folder that it was answered from, where that is another: as eager, not compiled.
    """

    run: str
    error: BadInput | CannotFinish | None = None
    notes: tuple[str, ...] = ()
    kept: str = ""


@dataclass(frozen=True)
class RemoteJob:
    """One population for a worker: the experiment as placed, and the store's absolute path."""

    experiment: Experiment
    root: Path
    keep_weights: bool

    def __call__(self) -> Answer:
        """Train here; the errors that are ours come back as data.

        Raises:
            Interrupted: this worker was asked to stop; the checkpoint is written.
        """
        told, store, error, kept = _Notes(), Store(self.root), None, ""
        try:
            run = execute(self.experiment, store, told, self.keep_weights, count_cores=False)
            kept = run.folder.name
        except (BadInput, CannotFinish) as ours:
            error = ours
        except Exception as other:
            if not is_out_of_memory(other):
                raise
            error = BadInput(OUT_OF_MEMORY)
        return Answer(self.experiment.name, error, tuple(told.notes), kept)


@runtime_checkable
class Pool(Protocol):
    """Workers that somebody else schedules."""

    def reached(self) -> AbstractContextManager[None]:
        """Reach the workers, for the time of the work.

        Raises:
            BadInput: they cannot be reached.
        """

    def submit(self, errands: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Hand over all errands, by the names of their runs.

        Raises:
            BadInput: they are refused.
        """

    def ended(self) -> Mapping[str, Answer]:
        """Wait for at most about a second; return the answers that came."""

    def stop(self) -> None:
        """Ask all that is left to stop, and wait until it has."""


class Remote:
    """A launcher for the workers of a pool.

    Parameters:
        pool: the workers.
        cpus: cores of a population that does not say how many threads it wants; 1 if None.
        gpus: GPUs of a population, 0 or 1.
    """

    def __init__(self, pool: Pool, cpus: int | None, gpus: int) -> None:
        self.pool, self.cpus, self.gpus = pool, cpus or 1, gpus

    def place(self, experiment: Experiment) -> Experiment:
        """Resolve an experiment for a worker, whatever this machine has.

        Raises:
            BadInput: it needs a GPU, and workers get none.
        """
        asked = experiment.training
        device = "cuda:0" if asked.device == "cuda" else asked.device
        if device == "auto":
            device = "cuda:0" if self.gpus else "cpu"
        if device != "cpu" and not self.gpus:
            raise BadInput(
                f"training.device: {asked.device} needs a GPU and a population gets none; "
                "give --gpus 1"
            )
        threads = self.cpus if asked.threads == "auto" else asked.threads
        return experiment.placed_on(device, threads)

    def execute_all(
        self, jobs: Sequence[Job], store: Store, reporter: Reporter, keep_weights: bool = True
    ) -> Iterator[Ended]:
        """Answer what is finished from the store, hand over the rest; see `Launcher`."""
        same: dict[str, list[int]] = {}  # one errand for all jobs that are the same run
        overview = Overview(jobs, store, reporter)
        for index, job in enumerate(jobs):
            run = store.run(job.experiment)
            try:
                if is_answered(run):
                    overview.ended(index)
                    yield Ended(index, run)
                else:
                    same.setdefault(run.folder.name, []).append(index)
            except CannotFinish as error:
                overview.ended(index)
                yield Ended(index, None, error)
        if not same:
            return
        root = store.root.resolve()  # workers have working directories of their own
        errands = {
            name: RemoteJob(jobs[indices[0]].experiment, root, keep_weights)
            for name, indices in same.items()
        }
        said: set[str] = set()
        with contextlib.closing(self._answers(errands, overview)) as answers:
            for name, answer in answers:
                for note in answer.notes:
                    if note not in said:
                        said.add(note)
                        reporter.note(f"{name}: {note}")
                found, problem = _outcome(
                    store.run(errands[name].experiment), errands[name], answer
                )
                for index in same[name]:
                    overview.ended(index)
                    yield Ended(index, found, problem)

    def _answers(
        self, errands: Mapping[str, RemoteJob], overview: Overview
    ) -> Generator[tuple[str, Answer], None, None]:
        """Hand errands over, and yield answers as they come; whatever ends this, ends them."""
        left = set(errands)
        with self.pool.reached(), stop_signals() as stop:
            require_writable(next(iter(errands.values())).root)
            self.pool.submit(errands, overview)
            try:
                while left:
                    for name, answer in self.pool.ended().items():
                        left.remove(name)
                        yield name, answer
                    overview.refresh()
                    stop.check()
            finally:
                if left:
                    self.pool.stop()


def _outcome(
    run: Run, errand: RemoteJob, answer: Answer
) -> tuple[Run | None, BadInput | CannotFinish | None]:
    """Say how an errand ended: with a finished run, or why not.

    Raises:
        CannotFinish: the disk is full.
    """
    require_space(answer.error)
    name, error = run.folder.name, answer.error
    if answer.run != errand.experiment.name:
        said = f"{name}: the worker calls it {answer.run}; it has another version of retrodict"
        return None, CannotFinish(said)
    if answer.kept not in ("", name):
        run = Run(run.folder.with_name(answer.kept))
    try:
        if _is_seen(run, 0.0 if error else _SETTLE_SECONDS):
            return run, None
    except CannotFinish as damaged:
        error = damaged
    said = f"{name}: is not seen here; does {run.folder.parent} lie on a file system for all?"
    return None, error or CannotFinish(said)


def _is_seen(run: Run, seconds: float) -> bool:
    """Whether a run is seen to be finished, before a shared file system has settled."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        try:
            if is_answered(run):
                return True
        except Unreadable:  # a stale handle, say
            if late:
                raise
        if late:
            return False
        time.sleep(_POLL_SECONDS)


def require_extra(extra: str, module: str) -> None:
    """Make sure that an optional package is there.

    Raises:
        BadInput: it is not; the message says how to get it.
    """
    if importlib.util.find_spec(module) is None:
        raise BadInput(f"--launcher {extra} needs: pip install 'retrodict[{extra}]'")


class _Notes:
    """The reporter of a worker: keeps what a person should know; the rest is in the store."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def waiting(self, why: str) -> None:
        """Nobody looks."""

    def note(self, text: str) -> None:
        """Keep it for the answer."""
        self.notes.append(text)

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """It is in the run's folder."""

    def working(self, what: str, share: float) -> None:
        """Nobody looks."""

    def cell(self, number: int, of: int, label: str) -> None:
        """Nobody looks."""

    def overview(self, done: int, of: int, share: float, running: Sequence[Running]) -> None:
        """Nobody looks."""

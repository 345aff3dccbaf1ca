"""What Ray and Slurm share: one remote job per population, and results collected as they arrive.

Ray or Slurm schedules, places and retries the jobs. A worker finds its run in the store, continues
from a checkpoint if there is one, and writes the trace to the store. Its result is only a short
message.
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

from retrodict.errors import BadInput, CannotFinish, Unreadable
from retrodict.experiment import Experiment, Placed
from retrodict.launch._launcher import attempted, require_space
from retrodict.launch._local import Ended, Job, Reporter, execute, is_answered
from retrodict.launch._overview import Overview
from retrodict.runs import Run, Store, require_writable
from retrodict.signals import stop_signals

_POLL_SECONDS = 0.2
_SETTLE_SECONDS = 60.0  # the longest until a shared file system shows a change everywhere

CONTINUES = "the same command continues from its checkpoint"


@dataclass(frozen=True)
class JobResult:
    """What a worker reports about a remote job."""

    run: str  # the worker's name for the requested run
    error: BadInput | CannotFinish | None = None
    notes: tuple[str, ...] = ()
    kept: str = ""  # the finished run's folder, another one where a compiled step ran eager


@dataclass(frozen=True)
class RemoteJob:
    """One population for a worker: the placed experiment and the store's absolute path."""

    experiment: Placed
    root: Path
    keep_weights: bool

    @property
    def cpus(self) -> int:
        return self.experiment.threads

    def __call__(self) -> JobResult:
        """Train in this process; return retrodict's own errors in the result.

        Raises:
            Interrupted: this worker was asked to stop; a checkpoint was written.
        """
        reporter = _Notes()

        def work() -> Run:
            here = self.experiment.placed(fewer=True)  # the worker may have fewer cores
            return execute(here, Store(self.root), reporter, self.keep_weights, count_cores=False)

        run, error = attempted(work)
        kept = run.folder.name if run else ""
        return JobResult(self.experiment.name, error, tuple(reporter.notes), kept)


@runtime_checkable
class Pool(Protocol):
    """Workers of a scheduler."""

    def connected(self) -> AbstractContextManager[None]:
        """Connect to the scheduler, and disconnect at the end; BadInput if that is impossible."""

    def submit(self, jobs: Mapping[str, RemoteJob], reporter: Reporter) -> None:
        """Submit jobs, whose keys are the names of their runs; BadInput if they are refused."""

    def results(self) -> Mapping[str, JobResult]:
        """Wait for about a second at most; return the results that arrived."""

    def stop(self) -> None:
        """Ask all remaining jobs to stop, and wait until they have."""


class Remote:
    """A launcher for the workers of a pool.

    Parameters:
        pool: the workers.
        cpus: threads of a population whose `training.threads` is `auto`; None is 1.
        gpus: GPUs per population, 0 or 1.
    """

    def __init__(self, pool: Pool, cpus: int | None, gpus: int) -> None:
        self.pool, self.cpus, self.gpus = pool, cpus or 1, gpus

    def place(self, experiment: Experiment) -> Placed:
        """Place an experiment on a worker; BadInput if it needs a GPU that workers do not get."""
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
        """Answer finished jobs from the store and submit the rest; see `Launcher`."""
        same: dict[str, list[int]] = {}  # one remote job for all jobs with the same run
        overview = Overview(jobs, store, reporter)
        for index, job in enumerate(jobs):
            run = store.run(job.experiment)
            try:
                if not is_answered(run):
                    same.setdefault(run.folder.name, []).append(index)
                    continue
                ended = Ended(index, run)
            except CannotFinish as error:
                ended = Ended(index, None, error)
            overview.ended(index)
            yield ended
        if not same:
            return
        root = store.root.resolve()  # each worker has its own working directory
        remote = {
            name: RemoteJob(jobs[indices[0]].experiment, root, keep_weights)
            for name, indices in same.items()
        }
        noted: set[str] = set()
        with contextlib.closing(self._results(remote, overview)) as results:
            for name, result in results:
                for note in result.notes:
                    if note not in noted:
                        noted.add(note)
                        reporter.note(f"{name}: {note}")
                run = store.run(remote[name].experiment)
                found, problem = _outcome(run, remote[name], result)
                for index in same[name]:
                    overview.ended(index)
                    yield Ended(index, found, problem)

    def _results(
        self, jobs: Mapping[str, RemoteJob], overview: Overview
    ) -> Generator[tuple[str, JobResult], None, None]:
        """Submit jobs and yield (name, result) as they arrive; when closed early, stop the rest."""
        left = set(jobs)
        with self.pool.connected(), stop_signals() as stop:
            require_writable(next(iter(jobs.values())).root)
            self.pool.submit(jobs, overview)
            try:
                while left:
                    for name, result in self.pool.results().items():
                        left.remove(name)
                        yield name, result
                    overview.refresh()
                    stop.check()
            finally:
                if left:
                    self.pool.stop()


def _outcome(
    run: Run, job: RemoteJob, result: JobResult
) -> tuple[Run | None, BadInput | CannotFinish | None]:
    """Return a job's finished run, or the error that prevented it; raise if the disk is full."""
    require_space(result.error)
    name, error = run.folder.name, result.error
    if result.run != job.experiment.name:
        why = f"{name}: the worker calls it {result.run}; it has another version of retrodict"
        return None, CannotFinish(why)
    if result.kept not in ("", name):
        run = Run(run.folder.with_name(result.kept))
    try:
        if _is_seen(run, 0.0 if error else _SETTLE_SECONDS):
            return run, None
    except CannotFinish as damaged:
        error = damaged
    why = f"{name}: not visible here; is {run.folder.parent} on a file system that workers share?"
    return None, error or CannotFinish(why)


def _is_seen(run: Run, seconds: float) -> bool:
    """Whether a finished run becomes visible here within some seconds."""
    deadline = time.monotonic() + seconds
    while True:
        late = time.monotonic() >= deadline
        try:
            if is_answered(run):
                return True
        except Unreadable:  # for example a stale file handle
            if late:
                raise
        if late:
            return False
        time.sleep(_POLL_SECONDS)


def require_extra(extra: str, module: str) -> None:
    """Raise BadInput, with the command to install it, if an optional package is missing."""
    if importlib.util.find_spec(module) is None:
        raise BadInput(f"--launcher {extra} needs: pip install 'retrodict[{extra}]'")


class _Notes(Reporter):
    """A worker's reporter: collects notes. Progress is in the store."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def note(self, text: str) -> None:
        self.notes.append(text)

"""Launchers decide where populations are trained. All of them share the store."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Protocol, runtime_checkable

from retrodict.errors import OUT_OF_MEMORY, BadInput, CannotFinish, is_out_of_memory
from retrodict.experiment import Experiment, Placed
from retrodict.files import DISK_FULL_ADVICE
from retrodict.launch._local import Ended, Job, Locked, Reporter, execute
from retrodict.launch._overview import Overview
from retrodict.runs import Run, Store, require_writable
from retrodict.signals import stop_signals

_POLL_SECONDS = 0.2
_POLL_SHARE = 0.1  # at most this share of the time is spent on checking whether runs are free


@runtime_checkable
class Launcher(Protocol):
    """Decides where experiments run."""

    def place(self, experiment: Experiment) -> Placed:
        """Place an experiment where it will run, so that its run's folder is known here.

        Raises:
            BadInput: it cannot run there.
        """

    def execute_all(
        self, jobs: Sequence[Job], store: Store, reporter: Reporter, keep_weights: bool = True
    ) -> Iterator[Ended]:
        """Train the jobs that the store does not have, and yield all as they end, in any order.

        Args:
            jobs: what to run, placed by this launcher.
            store: where runs are found and kept.
            reporter: receives progress.
            keep_weights: whether runs keep the final weights.

        Raises:
            BadInput: the store cannot be written to, or the workers cannot be reached.
            CannotFinish: the disk is full, so every other job would fail, too.
            Interrupted, KeyboardInterrupt: it was asked to stop; the same call continues.
        """


class Local:
    """Trains on this machine, one population after another; other processes may share the work."""

    def place(self, experiment: Experiment) -> Placed:
        """Place an experiment on this machine; raises as `Experiment.placed`."""
        return experiment.placed()

    def execute_all(
        self, jobs: Sequence[Job], store: Store, reporter: Reporter, keep_weights: bool = True
    ) -> Iterator[Ended]:
        """First train runs that no other process is training, then the others; see `Launcher`."""
        overview = Overview(jobs, store, reporter)
        told = reporter if len(jobs) == 1 else overview

        def end(index: int, wait: bool) -> Ended:
            reporter.cell(index + 1, len(jobs), jobs[index].label)
            experiment = jobs[index].experiment
            run, error = attempted(lambda: execute(experiment, store, told, keep_weights, wait))
            require_space(error)
            overview.ended(index)
            return Ended(index, run, error)

        left = list(range(len(jobs)))
        while left:
            began = time.monotonic()
            for index in list(left):
                try:
                    yield end(index, wait=len(left) == 1)
                except Locked:
                    continue
                left.remove(index)
            if left:
                overview.waiting(f"other processes train {len(left)} of the runs")
                overview.refresh()
                _pause(time.monotonic() - began)


LOCAL = Local()


def _pause(took: float) -> None:
    """Sleep before the next look at runs of other processes; `took`: seconds of the last look."""
    with stop_signals() as stop:
        stop.sleep(max(_POLL_SECONDS, min(took, 1.0) / _POLL_SHARE))


def attempted(work: Callable[[], Run]) -> tuple[Run | None, BadInput | CannotFinish | None]:
    """Do one job; return its run, or the error that prevented it."""
    try:
        return work(), None
    except (BadInput, CannotFinish) as error:
        return None, error
    except Exception as error:
        if is_out_of_memory(error):
            return None, BadInput(OUT_OF_MEMORY)
        raise


def require_writable_if_needed(jobs: Iterable[Job], store: Store) -> None:
    """Raise BadInput if the store cannot be written to and there is something to train."""
    for job in jobs:
        try:
            finished = store.run(job.experiment).finished
        except CannotFinish:  # damaged: reported when its turn comes
            finished = True
        if not finished:
            require_writable(store.root)
            return


def require_space(error: BadInput | CannotFinish | None) -> None:
    """Raise the error if it says that the disk is full, since that concerns every job."""
    if isinstance(error, CannotFinish) and DISK_FULL_ADVICE in str(error):
        raise error

"""How far several trainings are, read from the store, whoever trains them and wherever."""

from __future__ import annotations

import time
from collections.abc import Sequence

from retrodict.launch._job import Job
from retrodict.launch._local import Reporter, Running
from retrodict.runs import Progress, Run, Store

_SECONDS = 1.0
_SHARE = 0.1  # of the time may go into reading


class Overview:
    """Tells a reporter about all jobs at once; itself the reporter of one of them.

    Parameters:
        jobs: which.
        store: where their runs are.
        reporter: is told.
    """

    def __init__(self, jobs: Sequence[Job], store: Store, reporter: Reporter) -> None:
        self._reporter = reporter
        self._epochs = [job.experiment.training.epochs for job in jobs]
        self._runs = [store.run(job.experiment) for job in jobs]
        self._names = [
            job.label or run.folder.name for job, run in zip(jobs, self._runs, strict=True)
        ]
        self._left = dict.fromkeys(range(len(jobs)))
        self._first: dict[int, int | None] = {}
        self._far: dict[int, Progress] = {}
        self._next = 0.0

    def ended(self, index: int) -> None:
        """One of the jobs has ended."""
        self._left.pop(index, None)

    def refresh(self) -> None:
        """Read how far the jobs are and say so, unless that was done just now."""
        began = time.monotonic()
        if began < self._next or len(self._runs) < 2:
            return
        for index in self._left:
            self._look(index)
        # a run whose file has not changed since the beginning was left there by a lost process
        running = [
            Running(self._names[index], far.epoch, far.epochs)
            for index in self._left
            if (far := self._far.get(index)) and far.stamp != self._first[index]
        ]
        done = len(self._runs) - len(self._left)
        self._reporter.overview(done, len(self._runs), self._share(), running)
        now = time.monotonic()
        self._next = now + max(_SECONDS, (now - began) / _SHARE)

    def _look(self, index: int) -> None:
        far = self._runs[index].progress
        if far is not None:
            self._far[index] = far
        self._first.setdefault(index, far.stamp if far else None)

    def _share(self) -> float:
        """The share of all epochs that are done."""
        done = 0
        for index, epochs in enumerate(self._epochs):
            if index not in self._left:
                done += epochs
            elif index in self._far:
                done += self._far[index].epoch
        return done / max(1, sum(self._epochs))

    def waiting(self, why: str) -> None:
        """Something else has to end first."""
        self._reporter.waiting(why)

    def note(self, text: str) -> None:
        """Something that a person should know."""
        self._reporter.note(text)

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """One of them is here, and also says so in its folder."""
        self.refresh()

    def working(self, what: str, share: float) -> None:
        """A share of something that is no training is done."""
        self._reporter.working(what, share)

    def cell(self, number: int, of: int, label: str) -> None:
        """The next training is this one."""
        self._reporter.cell(number, of, label)

    def overview(self, done: int, of: int, share: float, running: Sequence[Running]) -> None:
        """Pass on."""
        self._reporter.overview(done, of, share, running)

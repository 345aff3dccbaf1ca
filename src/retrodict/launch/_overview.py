"""EpochProgress of several trainings, read from the store wherever they run."""

from __future__ import annotations

import time
from collections.abc import Sequence

from retrodict.launch._local import Job, Reporter, Running
from retrodict.runs import EpochProgress, Run, Store

_SECONDS = 1.0
_SHARE = 0.1  # at most this share of the time is spent on reading


class Overview(Reporter):
    """A reporter for several jobs that passes their joint progress on to `reporter`."""

    def __init__(self, jobs: Sequence[Job], store: Store, reporter: Reporter) -> None:
        self._reporter = reporter
        self._epochs = [job.experiment.training.epochs for job in jobs]
        self._runs = [store.run(job.experiment) for job in jobs]
        self._names = [
            job.label or run.folder.name for job, run in zip(jobs, self._runs, strict=True)
        ]
        self._left = dict.fromkeys(range(len(jobs)))
        self._first: dict[int, int | None] = {}
        self._far: dict[int, EpochProgress] = {}
        self._next = 0.0

    def ended(self, index: int) -> None:
        """Count a job as ended."""
        self._left.pop(index, None)

    def refresh(self) -> None:
        """Read the progress of all jobs and report it, at most once per second."""
        began = time.monotonic()
        if began < self._next or len(self._runs) < 2:
            return
        for index in self._left:
            self._look(index)
        # a progress file that never changed was left by a process that is gone
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
        """Return the share of all epochs that are done."""
        done = 0
        for index, epochs in enumerate(self._epochs):
            if index not in self._left:
                done += epochs
            elif index in self._far:
                done += self._far[index].epoch
        return done / max(1, sum(self._epochs))

    def waiting(self, why: str) -> None:
        self._reporter.waiting(why)

    def note(self, text: str) -> None:
        self._reporter.note(text)

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """Refresh: the epoch is also in the run's folder."""
        self.refresh()

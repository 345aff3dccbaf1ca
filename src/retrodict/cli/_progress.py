"""Progress on stderr: bars on a terminal, a line now and then elsewhere."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from types import TracebackType
from typing import Any

from retrodict.cli._console import Console
from retrodict.launch import Reporter, Running
from retrodict.runs import Run

_LINE_SECONDS = 15.0
_RATE_SECONDS = 0.5  # over less, a rate is noise
_PATIENCE_SECONDS = 2.0
_MOST_BARS = 8  # of trainings in progress
_ALL = ""  # the name of the bar of all of them


class Progress(Reporter):
    """Shows how far the trainings are."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._bar: Any = None
        if console.is_terminal:
            from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
            from rich.progress import Progress as Bar

            self._bar = Bar(
                TextColumn("{task.description}"),
                BarColumn(bar_width=16),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("left"),
                console=console,
            )
        self._task: Any = None
        self._run: Run | None = None
        self._started = (0.0, 0)
        self._spoken = time.monotonic()
        self._reason = ""
        self._notes: set[str] = set()
        self._cell = self._place = ""  # of the grid's next cell; cleared once shown
        self._name = ""
        self._all: tuple[float, float] | None = None  # when several began, and at what share
        self._bars: dict[str, Any] = {}

    def __enter__(self) -> Progress:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar:
            self._bar.stop()

    def waiting(self, why: str) -> None:
        """Print why the command waits, once."""
        if why != self._reason:
            self._reason = why
            print(f"waiting: {why}", file=sys.stderr)

    def note(self, text: str) -> None:
        """Print a note, once."""
        if text not in self._notes:
            self._notes.add(text)
            print(text, file=sys.stderr)

    def working(self, what: str, share: float) -> None:
        """Show how much of some work that is not a training is done, from 0 to 1."""
        now = time.monotonic()
        if self._run is not None or self._task is None:
            self._run, self._started = None, (now, 0)
            if self._bar:
                self._task = self._bar.add_task(what, total=100, rate="%")
            self._task = self._task or 0
        if self._bar:
            self._bar.update(self._task, description=what, completed=round(100 * share))
        elif share:
            left = (now - self._started[0]) * (1 - share) / share
            self._line(f"{what}: {share:.0%}, about {left:.0f} s left")

    def cell(self, number: int, of: int, label: str) -> None:
        """Name the next training after its cell of the grid; remove the previous cell's bar."""
        self._cell = label
        self._place = f"{number}/{of} " if of > 1 else ""
        if self._bar and self._task is not None:
            self._bar.remove_task(self._task)
            self._task = None

    def overview(self, done: int, of: int, share: float, running: Sequence[Running]) -> None:
        """Show the progress of several trainings together, and of each one that is running."""
        now = time.monotonic()
        self._all = self._all or (now, share)
        gained = share - self._all[1]
        left = (now - self._all[0]) * (1 - share) / gained if gained > 0 else None
        if self._bar:
            self._draw(f"{done}/{of} runs", share, left, running[:_MOST_BARS])
        else:
            about = "" if left is None else f", about {left:.0f} s left"
            said = f"{done} of {of} runs done, {share:.0%} of all epochs{about}"
            self._line(said + _names(running))

    def _draw(
        self, done: str, share: float, left: float | None, running: Sequence[Running]
    ) -> None:
        """Draw one bar for all trainings, and one for each in progress."""
        if self._task is not None:
            self._bar.remove_task(self._task)
            self._task = self._run = None
        for name in self._bars.keys() - {_ALL, *(one.name for one in running)}:
            self._bar.remove_task(self._bars.pop(name))
        about = "" if left is None else f"{left:.0f} s"
        self._show(_ALL, done, round(100 * share), 100, f"% {about}")
        for one in running:
            self._show(one.name, _cut(one.name), one.epoch, one.epochs, "epochs")

    def _show(self, name: str, said: str, completed: int, total: int, rate: str) -> None:
        if name not in self._bars:
            self._bars[name] = self._bar.add_task(said, total=total, rate=rate)
        self._bar.update(self._bars[name], description=said, completed=completed, rate=rate)

    def training(self, run: Run, epoch: int, epochs: int) -> None:
        """Show how many epochs of a training are done."""
        now = time.monotonic()
        if self._run is not run:
            self._run, self._started = run, (now, epoch)
            self._name = self._place + (self._cell or run.folder.name)
            if self._bar:
                short = f"{run.experiment.task.kind} {run.folder.name[-12:-6]}"
                name = self._place + (self._cell or short)
                self._task = self._bar.add_task(_cut(name), total=epochs, completed=epoch, rate="")
            elif epoch:
                print(f"{self._name}: continues from epoch {epoch}", file=sys.stderr)
            self._cell = self._place = ""
            return
        if epoch < self._started[1]:  # another worker continues from a checkpoint
            self._started = (now, epoch)
        seconds, done = now - self._started[0], epoch - self._started[1]
        rate = done / seconds if seconds > _RATE_SECONDS else 0.0
        said = f"{rate:.1f} epochs/s" if rate else ""
        if self._bar:
            self._bar.update(self._task, completed=epoch, rate=said)
        else:
            left = f", {said}, about {(epochs - epoch) / rate:.0f} s left" if rate else ""
            self._line(f"{self._name}: epoch {epoch}/{epochs}{left}")

    def _line(self, text: str) -> None:
        """Print a line, unless one was printed a moment ago."""
        now = time.monotonic()
        if now - self._spoken > _LINE_SECONDS:
            self._spoken = now
            print(text, file=sys.stderr)


def _names(running: Sequence[Running]) -> str:
    """Name some of the running trainings, for the end of a line."""
    said = "; ".join(f"{one.name} {one.epoch}/{one.epochs}" for one in running[:_MOST_BARS])
    more = f" and {len(running) - _MOST_BARS} more" if len(running) > _MOST_BARS else ""
    return f"; running: {said}{more}" if said else ""


def _cut(name: str, most: int = 30) -> str:
    """Shorten a name so that a bar fits next to it on a narrow terminal."""
    return name if len(name) <= most else name[: most - 1] + "…"


@contextlib.contextmanager
def patience(what: str) -> Iterator[Callable[[str, float], None]]:
    """Yield a function of name and share that shows progress once two seconds have passed."""
    started = time.monotonic()
    progress: Progress | None = None
    with contextlib.ExitStack() as stack:

        def tick(name: str, share: float) -> None:
            nonlocal progress
            if progress is None and time.monotonic() - started > _PATIENCE_SECONDS:
                progress = stack.enter_context(Progress())
            if progress is not None:
                progress.working(f"{what} {name[-12:]}", share)

        yield tick

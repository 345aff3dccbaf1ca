"""Machines and versions that made the runs, with their seeds and training time."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from retrodict.report._run_view import RunView


@dataclass(frozen=True)
class Machine:
    """A machine as runs describe it, with its versions, and the runs that it made.

    Attributes:
        processor, platform, versions: in words.
        runs: which it made.
    """

    processor: str
    platform: str
    versions: str
    runs: list[RunView]

    @property
    def devices(self) -> str:
        """The devices it trained on."""
        return ", ".join(dict.fromkeys(run.experiment.training.device for run in self.runs))


def machines(runs: Iterable[RunView]) -> list[Machine]:
    """Find every distinct machine."""
    found: dict[tuple[str, str, str], list[RunView]] = {}
    for run in runs:
        found.setdefault(run.machine, []).append(run)
    return [Machine(*machine, made) for machine, made in found.items()]


def seeds(runs: Iterable[RunView]) -> str:
    """Write the seeds of all runs shortly."""
    sets = {(run.experiment.training.seed, run.experiment.training.learners) for run in runs}
    return ", ".join(f"{s} to {s + n - 1}" if n > 1 else str(s) for s, n in sorted(sets))


def duration(runs: Collection[RunView]) -> str:
    """Say how long all runs trained together.

    >>> duration([])
    'not known'
    """
    known = [run.seconds for run in runs if run.seconds is not None]
    if not known:
        return "not known"
    minutes, rest = divmod(round(sum(known)), 60)
    hours, minutes = divmod(minutes, 60)
    told = f"{hours} h {minutes} min" if hours else f"{minutes} min {rest} s"
    unknown = len(runs) - len(known)
    return told + (f" ({unknown} runs do not say)" if unknown else "")

"""The jobs given to a launcher, and how each ended."""

from __future__ import annotations

from dataclasses import dataclass

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Placed
from retrodict.runs import Run


@dataclass(frozen=True)
class Job:
    """One population to be trained.

    Attributes:
        experiment: the experiment, placed by its launcher.
        label: the user's name for it.
    """

    experiment: Placed
    label: str = ""


@dataclass(frozen=True)
class Ended:
    """How one of several jobs ended.

    Attributes:
        index: the job's position, from 0.
        run: its finished run; None if it failed.
        error: why it failed.
    """

    index: int
    run: Run | None
    error: BadInput | CannotFinish | None = None

"""What a launcher is asked for, and how each of it ended."""

from __future__ import annotations

from dataclasses import dataclass

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Experiment
from retrodict.runs import Run


@dataclass(frozen=True)
class Job:
    """One population to be trained.

    Attributes:
        experiment: what, as its launcher placed it.
        label: what a person calls it.
    """

    experiment: Experiment
    label: str = ""


@dataclass(frozen=True)
class Ended:
    """How one of several jobs ended.

    Attributes:
        index: which, from 0.
        run: its finished run; None if it has none.
        error: then why.
    """

    index: int
    run: Run | None
    error: BadInput | CannotFinish | None = None

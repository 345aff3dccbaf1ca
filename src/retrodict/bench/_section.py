"""What a section of the benchmark is and is given, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrodict.bench._contest import Tick
from retrodict.bench._row import Row

QUICK = " (quick)"
"""Marks configurations that are too small to mean anything."""


@dataclass(frozen=True)
class Plan:
    """How thoroughly to measure, and where.

    Attributes:
        device: `cpu` or `cuda:N`.
        repeats: timings of each thing; None is each section's own number.
        quick: tiny sizes, to see that everything works; the numbers mean nothing.
        configs: which configurations of the training step, by the beginnings of their names.
    """

    device: str
    repeats: int | None = None
    quick: bool = False
    configs: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the name of each configuration ends in."""
        return QUICK if self.quick else ""

    @property
    def seconds(self) -> float:
        """The least time of one repeat."""
        return 0.0 if self.quick else 0.3


@dataclass(frozen=True)
class Section:
    """A section of the benchmark.

    Attributes:
        name: what `retrodict bench` calls it; its rows say it.
        title: of its tables.
        legend: what their columns are.
        seconds: about how long it takes on two cores; only for the progress bar.
        measure: measures it.
        cells: row → column → text.
        common: row → what all rows of its table have in common; by default there is one table.
        point: row → its panel in the roofline, its label there, and what is written at its
            operations a byte; only asked of rows with operations.
        holds_cores: whether other trainings wait meanwhile; not for one that starts trainings.
    """

    name: str
    title: str
    legend: str
    seconds: float
    measure: Callable[[Plan, Tick], list[Row]]
    cells: Callable[[Row], dict[str, str]]
    common: Callable[[Row], str] = lambda row: ""
    point: Callable[[Row], tuple[str, str, str]] = lambda row: ("", "", "")
    holds_cores: bool = True


def number(value: float | None, digits: int = 3) -> str:
    """Write a number in so many digits; none is nothing.

    >>> number(1234.5), number(0.012345), number(None)
    ('1230', '0.0123', '')
    """
    if value is None:
        return ""
    rounded = float(f"{value:.{digits}g}")
    return f"{rounded:.0f}" if 10 ** (digits - 1) <= abs(rounded) < 1e6 else f"{rounded:.{digits}g}"


def milliseconds(seconds: float | None) -> str:
    """Write seconds as milliseconds."""
    return "" if seconds is None else number(1000 * seconds)


def percent(value: float | None) -> str:
    """Write a share in percent."""
    return "" if value is None else f"{100 * value:.1f} %"


def span(ends: Sequence[float] | None) -> str:
    """Write the least and the largest of several."""
    return "" if ends is None else f"{number(ends[0])}–{number(ends[1])}"

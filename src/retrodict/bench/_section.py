"""Sections of the benchmark: what they are, their input, and the format of their numbers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrodict.bench._row import Row
from retrodict.progress import Tick

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
        """The suffix of each configuration's name."""
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
        seconds: rough duration on two cores; only for the progress bar.
        measure: runs the measurement; plan, tick → rows.
        cells: row → column → text.
        common: row → the heading of its table; by default there is one table.
        point: row → its panel in the roofline, its label, and the text at its operations per byte;
            only called for rows with operations.
        holds_cores: whether other trainings wait meanwhile; False if it starts trainings itself.
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
    """Write a number with `digits` significant digits; "" for None.

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
    """Write the smallest and the largest value."""
    return "" if ends is None else f"{number(ends[0])}–{number(ends[1])}"

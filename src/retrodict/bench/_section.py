"""What a section of the benchmark is, and how its numbers are written."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from retrodict.bench._contest import Tick
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row


@dataclass(frozen=True)
class Section:
    """A section of the benchmark.

    Attributes:
        title: of its tables.
        legend: what their columns are.
        seconds: about how long it takes on two cores; only for saying how far the benchmark is.
        measure: measures it.
        cells: row → column → text.
        common: row → what all rows of its table have in common; by default there is one table.
        holds_cores: whether it is measured while no training of others runs; one that starts
            trainings itself is not.
    """

    title: str
    legend: str
    seconds: float
    measure: Callable[[Plan, Tick], list[Row]]
    cells: Callable[[Row], dict[str, str]]
    common: Callable[[Row], str] = lambda row: ""
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

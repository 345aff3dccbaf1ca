"""One claim: what is predicted, what was measured over learners, and whether it held."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isinf, isnan, nan
from typing import Any, Literal

import numpy as np

from retrodict.measures import Interval

Verdict = Literal["holds", "fails", "fails (known)", "not applicable"]


@dataclass(frozen=True)
class Claim:
    """A statement that was checked.

    Attributes:
        name: short and unique, e.g. `"fig1.training"`; empty for a number of a theorem's check.
        statement: in plain words.
        grade: how well the statement's source is known: S, N, R or O (see docs/grades.md); empty
            for a number of a theorem's check, which has the theorem's.
        predicted: the condition, e.g. `"< 0.1"`.
        measured: what was found, with its interval over learners.
        margin: by how much the condition holds (positive) or fails (negative), in the unit
            measured, at the unfavourable end of the interval.
        verdict: whether it holds.
    """

    name: str
    statement: str
    grade: str
    predicted: str
    measured: Interval
    margin: float
    verdict: Verdict

    @property
    def holds(self) -> bool:
        """Whether the condition is met; a missing number meets none."""
        return self.verdict == "holds"


class Refuted(Claim):
    """A claim that is contradicted: it does not only fail here, its opposite holds."""


def at_most(
    name: str, statement: str, grade: str, measured: Interval, bound: float, wrong: float = nan
) -> Claim:
    """The mean is at most `bound`: the upper end of its interval is.

    It is refuted if the lower end is at least `wrong`.
    """
    low, high = _ends(measured)
    return _claim((name, statement, grade, f"≤ {bound:.3g}"), measured, bound - high, low >= wrong)


def at_least(
    name: str, statement: str, grade: str, measured: Interval, bound: float, wrong: float = nan
) -> Claim:
    """The mean is at least `bound`: the lower end of its interval is.

    It is refuted if the upper end is at most `wrong`.
    """
    low, high = _ends(measured)
    return _claim((name, statement, grade, f"≥ {bound:.3g}"), measured, low - bound, high <= wrong)


def within(name: str, statement: str, grade: str, measured: Interval, bound: float) -> Claim:
    """The mean is within ±`bound`: both ends of its interval are."""
    margin = bound - max(map(abs, _ends(measured)))
    return _claim((name, statement, grade, f"within ±{bound:.3g}"), measured, margin)


def bounded(statement: str, value: float, most: float = inf, least: float = -inf) -> Claim:
    """One number of a theorem's check lies between bounds; a missing or infinite one does not."""
    said = f"{least:.3g} to {most:.3g}"
    if isinf(least):
        said = f"≤ {most:.3g}"
    elif isinf(most):
        said = f"≥ {least:.3g}"
    margin = min(value - least, most - value) if isfinite(value) else nan
    return _claim(("", statement, "", said), alone(value), margin)


def alone(value: float) -> Interval:
    """A number without an interval, as a measured one."""
    return Interval(float(value), nan, nan, 1)


def largest(*values: Any) -> float:
    """Return the largest of numbers and arrays; a missing one makes the result missing.

    `max` would drop it, and a check that lost its numbers would hold.
    """
    return float(np.max([np.max(value) for value in values]))


def _claim(
    said: tuple[str, str, str, str], measured: Interval, margin: float, is_wrong: bool = False
) -> Claim:
    """Judge a claim of this name, statement, grade and condition."""
    verdict: Verdict = "holds" if margin >= 0 else "fails"  # a NaN margin does not hold
    kind = Refuted if is_wrong and verdict == "fails" else Claim
    return kind(*said, measured, float(margin), verdict)


def _ends(measured: Interval) -> tuple[float, float]:
    """The interval's ends, or the mean where it has none."""
    mean, low, high = measured.mean, measured.low, measured.high
    return mean if isnan(low) else low, mean if isnan(high) else high

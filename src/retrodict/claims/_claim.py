"""One claim: what is predicted, what was measured over learners, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, isinf, isnan, nan
from typing import Any, Literal

import numpy as np

from retrodict.measures import Interval

Verdict = Literal["holds", "fails", "fails (known)", "not applicable"]


@dataclass(frozen=True)
class Claim:
    """One comparison of a measured value with a prediction.

    Attributes:
        name: short and unique, e.g. `"fig1.training"`; empty for a number of a theorem's check.
        statement: in plain words.
        grade: how certain the statement's source is: S, N, R or O (see docs/grades.md); empty for a
            number of a theorem's check, where the theorem's grade applies.
        predicted: the condition, e.g. `"< 0.1"`.
        measured: the measured value, with its interval over learners.
        margin: by how much the condition holds (positive) or fails (negative) at the unfavourable
            end of the interval, in the unit of `measured`.
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
        """Whether the condition is met; a missing number never meets it."""
        return self.verdict == "holds"


class Refuted(Claim):
    """A claim that is contradicted: it not only fails here, its opposite holds."""


def at_most(
    name: str, statement: str, grade: str, measured: Interval, bound: float, wrong: float = nan
) -> Claim:
    """Claim that the mean is at most `bound`, by the upper end of its interval.

    It is refuted if the lower end is at least `wrong`.
    """
    low, high = _ends(measured)
    return _claim((name, statement, grade, f"≤ {bound:.3g}"), measured, bound - high, low >= wrong)


def at_least(
    name: str, statement: str, grade: str, measured: Interval, bound: float, wrong: float = nan
) -> Claim:
    """Claim that the mean is at least `bound`, by the lower end of its interval.

    It is refuted if the upper end is at most `wrong`.
    """
    low, high = _ends(measured)
    return _claim((name, statement, grade, f"≥ {bound:.3g}"), measured, low - bound, high <= wrong)


def within(name: str, statement: str, grade: str, measured: Interval, bound: float) -> Claim:
    """Claim that the mean is within ±`bound`, by both ends of its interval."""
    margin = bound - max(map(abs, _ends(measured)))
    return _claim((name, statement, grade, f"within ±{bound:.3g}"), measured, margin)


def bounded(statement: str, value: float, most: float = inf, least: float = -inf) -> Claim:
    """Claim that a number of a theorem's check is between bounds; NaN and infinity are not."""
    said = f"{least:.3g} to {most:.3g}"
    if isinf(least):
        said = f"≤ {most:.3g}"
    elif isinf(most):
        said = f"≥ {least:.3g}"
    margin = min(value - least, most - value) if isfinite(value) else nan
    return _claim(("", statement, "", said), alone(value), margin)


def alone(value: float) -> Interval:
    """Return a number as a measured value without an interval."""
    return Interval(float(value), nan, nan, 1)


def largest(*values: Any) -> float:
    """Return the largest of numbers and arrays; a missing one makes the result missing.

    `max` would drop it, and a check that lost its numbers would hold.
    """
    return float(np.max([np.max(value) for value in values]))


def _claim(
    said: tuple[str, str, str, str], measured: Interval, margin: float, is_wrong: bool = False
) -> Claim:
    """Return the claim with this name, statement, grade and condition, and its verdict."""
    verdict: Verdict = "holds" if margin >= 0 else "fails"  # a NaN margin does not hold
    kind = Refuted if is_wrong and verdict == "fails" else Claim
    return kind(*said, measured, float(margin), verdict)


def _ends(measured: Interval) -> tuple[float, float]:
    """Return the interval's ends, or the mean twice if it has none."""
    mean, low, high = measured.mean, measured.low, measured.high
    return mean if isnan(low) else low, mean if isnan(high) else high

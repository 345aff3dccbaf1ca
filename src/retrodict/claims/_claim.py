"""One claim: what is predicted, what was measured over learners, and whether it held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from retrodict.measures import Interval

Verdict = Literal["holds", "fails", "fails (known)", "not applicable"]


@dataclass(frozen=True)
class Claim:
    """A statement that was checked.

    Attributes:
        name: short and unique, e.g. `"fig1.training"`.
        statement: in plain words.
        grade: how well the statement's source is known: S, N, R or O (see docs/grades.md).
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


def at_most(name: str, statement: str, grade: str, measured: Interval, bound: float) -> Claim:
    """The mean is at most `bound`: the upper end of its interval is."""
    return _claim(name, statement, grade, f"≤ {bound:.3g}", measured, bound - _high(measured))


def at_least(name: str, statement: str, grade: str, measured: Interval, bound: float) -> Claim:
    """The mean is at least `bound`: the lower end of its interval is."""
    return _claim(name, statement, grade, f"≥ {bound:.3g}", measured, _low(measured) - bound)


def within(name: str, statement: str, grade: str, measured: Interval, bound: float) -> Claim:
    """The mean is within ±`bound`: both ends of its interval are."""
    margin = bound - max(abs(_low(measured)), abs(_high(measured)))
    return _claim(name, statement, grade, f"within ±{bound:.3g}", measured, margin)


def _claim(
    name: str, statement: str, grade: str, predicted: str, measured: Interval, margin: float
) -> Claim:
    verdict: Verdict = "holds" if margin >= 0 else "fails"  # a NaN margin does not hold
    return Claim(name, statement, grade, predicted, measured, float(margin), verdict)


def _low(measured: Interval) -> float:
    return measured.mean if np.isnan(measured.low) else measured.low


def _high(measured: Interval) -> float:
    return measured.mean if np.isnan(measured.high) else measured.high

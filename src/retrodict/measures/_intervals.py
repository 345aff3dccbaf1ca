"""Intervals over learners: the mean and its Student-t interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import Field
from scipy.special import stdtrit

from retrodict.host import own_settings
from retrodict.limits import MAX_COUNT


@dataclass(frozen=True)
class Interval:
    """A mean over (finite) learners and its confidence interval.

    All have the unit of the averaged values. With a single learner `low` and `high` are NaN.
    """

    mean: float
    low: float
    high: float
    learners: Annotated[int, Field(ge=0, le=MAX_COUNT)]

    @property
    def half(self) -> float:
        """Half the interval's width."""
        return self.high - self.mean

    @property
    def farthest(self) -> float:
        """The largest distance of the interval from 0, on either side."""
        return max(abs(self.low), abs(self.high))

    def __format__(self, spec: str) -> str:
        number = spec or ".3f"
        if np.isnan(self.half):
            return f"{self.mean:{number}}"
        return f"{self.mean:{number}} ± {self.half:{number}}"


@own_settings()
def over_learners(values: np.ndarray) -> Interval:
    """Average one value per learner, ignoring those that are not finite.

    The 95 % interval is mean ± t · s/√n with n − 1 degrees of freedom: exact for normal values, and
    the usual choice for means of a few learners.

    >>> f"{over_learners(np.array([1.0, 2.0, 3.0])):.2f}"
    '2.00 ± 2.48'
    """
    (low,), (mean,), (high,) = band(np.asarray(values, dtype=float)[:, None])
    return Interval(float(mean), float(low), float(high), int(np.isfinite(values).sum()))


@own_settings()
def band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (low, mean, high) over the first axis, learners; as `over_learners`, everywhere."""
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    filled = np.where(finite, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / n
        squares = np.where(finite, (values - mean) ** 2, 0.0).sum(axis=0)
        half = stdtrit(n - 1.0, (1 + 0.95) / 2) * np.sqrt(squares / (n - 1) / n)
    return mean - half, mean, mean + half

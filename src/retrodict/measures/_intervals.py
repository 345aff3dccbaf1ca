"""Intervals over learners: the mean and its Student-t interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from retrodict.host import own_settings


@dataclass(frozen=True)
class Interval:
    """A mean over learners and its confidence interval.

    Attributes:
        mean, low, high: in the unit of what was averaged; NaN bounds from a single learner.
        learners: how many (finite) learners the mean is over.
    """

    mean: float
    low: float
    high: float
    learners: int

    @property
    def half(self) -> float:
        """Half the interval's width; NaN from a single learner."""
        return self.high - self.mean

    @property
    def farthest(self) -> float:
        """How far from 0 the interval reaches, on either side."""
        return max(abs(self.low), abs(self.high))

    def __format__(self, spec: str) -> str:
        number = spec or ".3f"
        if np.isnan(self.half):
            return f"{self.mean:{number}}"
        return f"{self.mean:{number}} ± {self.half:{number}}"


@own_settings()
def over_learners(values: np.ndarray, level: float = 0.95) -> Interval:
    """Average over learners, ignoring those that are not finite.

    The interval is mean ± t · s/√n with n − 1 degrees of freedom: exact for normal values, and the
    usual choice for means of a few learners.

    Args:
        values: one value per learner, shape (learner,).
        level: probability that the interval covers the mean.

    >>> f"{over_learners(np.array([1.0, 2.0, 3.0])):.2f}"
    '2.00 ± 2.48'
    """
    (low,), (mean,), (high,) = band(np.asarray(values, dtype=float)[:, None], level)
    return Interval(float(mean), float(low), float(high), int(np.isfinite(values).sum()))


@own_settings()
def band(values: np.ndarray, level: float = 0.95) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return (low, mean, high) over the first axis, learner by learner finite or left out.

    Args:
        values: shape (learner, …).
        level: as in `over_learners`.
    """
    finite = np.isfinite(values)
    n = finite.sum(axis=0)
    filled = np.where(finite, values, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = filled.sum(axis=0) / n
        squares = np.where(finite, (values - mean) ** 2, 0.0).sum(axis=0)
        half = stdtrit(n - 1.0, (1 + level) / 2) * np.sqrt(squares / (n - 1) / n)
    return mean - half, mean, mean + half

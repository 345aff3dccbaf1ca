"""Whether and when learners solve a task; those that never do are censored.

A learner has solved a task once its held-out accuracy is at least SOLVED. A mean would hide that
some learners solve it and others do not, so the measures are shares of learners, medians and
verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.trace import Trace

SOLVED, UNSOLVED = 0.9, 0.1
"""Held-out accuracies: at least SOLVED, the task is solved; at most UNSOLVED, nothing is known."""

SOLVED_SHARE = 0.9
"""A recipe breaks the curse on a task if at least this share of its learners solves it."""

Broken = Literal["broken", "partly", "cursed"]


@dataclass(frozen=True)
class Share:
    """A share of learners, `count` of `of`, and its 95 % interval.

    The interval is Wilson's, which is also valid for shares of 0 and 1.
    """

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share."""
        return self.count / self.of if self.of else float("nan")


@own_settings()
def share_of(flags: np.ndarray) -> Share:
    """Count how many learners meet a condition.

    >>> share = share_of(np.array([True] * 10))
    >>> share.count, round(share.low, 2), share.high
    (10, 0.72, 1.0)
    """
    from scipy.stats import binomtest  # slow to load

    count = int(np.sum(flags))
    ends = binomtest(count, len(flags)).proportion_ci(0.95, method="wilson")
    return Share(count, len(flags), float(ends.low), float(ends.high))


@own_settings()
def solved_at(trace: Trace, group: str | None = None) -> Float[np.ndarray, " learner"]:
    """Return the first recorded epoch at which each learner has solved a group; NaN if never.

    By default the group is that of the held-out questions. The epoch is known to within
    `record.every`.
    """
    asked = trace.curves.sel(group=group) if group else trace.held_out()
    accuracy = asked["accuracy"].values
    epochs = trace.curves["epoch"].values.astype(float)
    there = accuracy >= SOLVED
    return np.where(there.any(axis=1), epochs[there.argmax(axis=1)], np.nan)


@own_settings()
def median_censored(times: Float[np.ndarray, " learner"]) -> float:
    """Return the median of times, some of which are censored (NaN); NaN if half or more are.

    >>> median_censored(np.array([3.0, 1.0, np.nan])), median_censored(np.array([1.0, np.nan]))
    (3.0, nan)
    """
    return float(np.sort(times)[len(times) // 2])  # NaNs are sorted to the end


@own_settings()
def verdict(accuracy: Float[np.ndarray, " learner"]) -> Broken:
    """Judge whether the curse is broken, from every learner's held-out accuracy at the end.

    broken: at least SOLVED_SHARE of the learners have solved it. cursed: none answers more than
    UNSOLVED of the questions. partly: everything between. A learner that became non-finite (NaN)
    has not solved it.

    >>> [verdict(np.array(a)) for a in ([1.0, 1.0], [1.0, 0.0], [0.0, 0.05])]
    ['broken', 'partly', 'cursed']
    """
    known = np.nan_to_num(np.asarray(accuracy, dtype=float))
    if (known >= SOLVED).mean() >= SOLVED_SHARE:
        return "broken"
    return "cursed" if (known <= UNSOLVED).all() else "partly"


@own_settings()
def splits(accuracy: Float[np.ndarray, " learner"]) -> bool:
    """Whether some learners have solved it while others know nothing."""
    return bool((accuracy >= SOLVED).any() and (accuracy <= UNSOLVED).any())

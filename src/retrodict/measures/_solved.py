"""Whether learners come to answer held-out questions, and when; those that never do are censored.

A learner has solved a task once its held-out accuracy is SOLVED or more. An average hides a
population that splits, so these are shares of learners, medians, and single learners' values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.trace import Trace

SOLVED, UNSOLVED = 0.9, 0.1
"""Held-out accuracy from which a learner has solved its task; up to which it knows nothing."""

SOLVED_SHARE = 0.9
"""Share of learners that has to solve a task for a recipe to break the curse there."""

Broken = Literal["broken", "partly", "cursed"]


@dataclass(frozen=True)
class Share:
    """A share of learners and its 95 % interval (Wilson's, which is honest at 0 and 1).

    Attributes:
        count, of: so many of so many.
        low, high: the interval's ends.
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
def share_of(flags: np.ndarray, level: float = 0.95) -> Share:
    """Count how many learners meet a condition.

    >>> share = share_of(np.array([True] * 10))
    >>> share.count, round(share.low, 2), share.high
    (10, 0.72, 1.0)
    """
    from scipy.stats import binomtest  # slow to load

    count = int(np.sum(flags))
    ends = binomtest(count, len(flags)).proportion_ci(level, method="wilson")
    return Share(count, len(flags), float(ends.low), float(ends.high))


@own_settings()
def solved_at(trace: Trace, group: str | None = None) -> Float[np.ndarray, " learner"]:
    """Return the first recorded epoch at which each learner has solved a group; NaN: it never has.

    It is known to within the distance of two records, `record.every`.

    Args:
        trace: of any task.
        group: by default that of the held-out questions.
    """
    asked = trace.curves.sel(group=group) if group else trace.held_out()
    accuracy = asked["accuracy"].values
    epochs = trace.curves["epoch"].values.astype(float)
    there = accuracy >= SOLVED
    return np.where(there.any(axis=1), epochs[there.argmax(axis=1)], np.nan)


@own_settings()
def median_censored(times: Float[np.ndarray, " learner"]) -> float:
    """Return the median of times of which some are censored (NaN); NaN if half or more are.

    >>> median_censored(np.array([3.0, 1.0, np.nan])), median_censored(np.array([1.0, np.nan]))
    (3.0, nan)
    """
    ordered = np.sort(np.where(np.isnan(times), np.inf, times))
    middle = ordered[len(ordered) // 2]
    return float(middle) if np.isfinite(middle) else float("nan")


@own_settings()
def verdict(accuracy: Float[np.ndarray, " learner"]) -> Broken:
    """Say whether a curse is broken, from every learner's held-out accuracy at the end.

    broken: SOLVED_SHARE of the learners or more have solved it. cursed: none answers more than
    UNSOLVED of the questions. partly: everything between. One that became non-finite (NaN) has
    not solved it.

    >>> [verdict(np.array(a)) for a in ([1.0, 1.0], [1.0, 0.0], [0.0, 0.05])]
    ['broken', 'partly', 'cursed']
    """
    known = np.nan_to_num(np.asarray(accuracy, dtype=float))
    if (known >= SOLVED).mean() >= SOLVED_SHARE:
        return "broken"
    return "cursed" if (known <= UNSOLVED).all() else "partly"


@own_settings()
def splits(accuracy: Float[np.ndarray, " learner"]) -> bool:
    """Whether some learners have solved it while others know nothing: no mean describes that."""
    return bool((accuracy >= SOLVED).any() and (accuracy <= UNSOLVED).any())

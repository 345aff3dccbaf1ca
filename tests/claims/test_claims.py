"""Claims can fail, and do at the unfavourable end of their interval."""

from __future__ import annotations

import numpy as np
import pytest

from retrodict.claims import at_least, at_most, within
from retrodict.measures import Interval


def around(mean: float, half: float) -> Interval:
    return Interval(mean, mean - half, mean + half, 10)


@pytest.mark.parametrize(
    ("check", "measured", "bound", "verdict"),
    [
        (at_most, around(0.05, 0.01), 0.1, "holds"),
        (at_most, around(0.095, 0.01), 0.1, "fails"),
        (at_least, around(9.0, 0.5), 6.7, "holds"),
        (at_least, around(7.0, 0.5), 6.7, "fails"),
        (within, around(0.1, 0.2), 0.5, "holds"),
        (within, around(-0.4, 0.2), 0.5, "fails"),
        (within, around(0.4, 0.2), 0.5, "fails"),
        (at_most, around(np.nan, np.nan), 0.1, "fails"),
        (at_most, Interval(0.05, np.nan, np.nan, 1), 0.1, "holds"),
    ],
)
def test_verdicts(check, measured, bound, verdict):
    claim = check("x", "a statement", "S", measured, bound)
    assert claim.verdict == verdict
    assert (claim.margin >= 0) == (verdict == "holds")

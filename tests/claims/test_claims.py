"""Claims can fail, and do at the unfavourable end of their interval."""

from __future__ import annotations

import numpy as np
import pytest

from retrodict.claims import Refuted, at_least, at_most, bounded, within
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


@pytest.mark.parametrize(
    ("bounds", "predicted", "holding", "failing"),
    [
        ({"most": 1.0}, "≤ 1", [1.0, -9.0], [1.1, np.inf, -np.inf, np.nan]),
        ({"least": 1.0}, "≥ 1", [1.0, 9.0], [0.9, np.inf, -np.inf, np.nan]),
        ({"most": 2.0, "least": 1.0}, "1 to 2", [1.0, 2.0], [0.9, 2.1, np.inf, np.nan]),
    ],
)
def test_a_number_lies_between_its_bounds(bounds, predicted, holding, failing):
    for value in (*holding, *failing):
        claim = bounded("a number", value, **bounds)
        assert claim.predicted == predicted
        assert claim.holds == (claim.margin >= 0) == (value in holding)


@pytest.mark.parametrize(
    ("check", "mean", "refuted"),
    [(at_most, 0.5, False), (at_most, 0.9, True), (at_least, 0.5, False), (at_least, 0.1, True)],
)
def test_a_claim_is_refuted_if_its_whole_interval_is_wrong(check, mean, refuted):
    bound, wrong = (0.2, 0.8) if check is at_most else (0.8, 0.2)
    claim = check("x", "a statement", "S", around(mean, 0.1), bound, wrong)
    assert claim.verdict == "fails"
    assert isinstance(claim, Refuted) == refuted

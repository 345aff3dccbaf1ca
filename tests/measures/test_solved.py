"""Shares, censored medians and verdicts: what must hold of them whatever the learners do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodict.measures import (
    SOLVED,
    UNSOLVED,
    median_censored,
    share_of,
    solved_at,
    splits,
    verdict,
)
from retrodict.training import train

ACCURACIES = st.lists(st.floats(0, 1) | st.just(float("nan")), min_size=1, max_size=12)
TIMES = st.lists(st.integers(0, 50).map(float) | st.just(float("nan")), min_size=1, max_size=11)
ORDER = ["cursed", "partly", "broken"]


@given(ACCURACIES, st.randoms())
def test_a_verdict_does_not_depend_on_the_order_of_learners(accuracies, random):
    shuffled = random.sample(accuracies, len(accuracies))
    assert verdict(np.array(accuracies)) == verdict(np.array(shuffled))
    assert splits(np.array(accuracies)) == splits(np.array(shuffled))


@given(ACCURACIES, st.data())
def test_a_verdict_gets_no_worse_where_a_learner_gets_better(accuracies, data):
    i = data.draw(st.integers(0, len(accuracies) - 1))
    better = [*accuracies[:i], 1.0, *accuracies[i + 1 :]]
    assert ORDER.index(verdict(np.array(better))) >= ORDER.index(verdict(np.array(accuracies)))


def test_the_ends_of_a_verdict_count():
    assert verdict(np.full(10, SOLVED)) == "broken"
    assert verdict(np.full(10, UNSOLVED)) == "cursed"
    assert verdict(np.array([1.0] * 9 + [0.0])) == "broken"
    assert verdict(np.array([1.0] * 8 + [0.0] * 2)) == "partly"
    assert verdict(np.array([float("nan")] * 3)) == "cursed"
    assert verdict(np.array([1.0] * 3 + [float("nan")])) == "partly"


def test_a_population_is_split_where_some_know_all_and_others_nothing():
    assert splits(np.array([1.0, 0.0]))
    assert not splits(np.array([1.0, 0.5]))
    assert not splits(np.array([1.0, float("nan")]))


@given(TIMES)
def test_a_censored_median_is_one_of_the_times_or_never(times):
    median = median_censored(np.array(times))
    known = sorted(t for t in times if t == t)
    if 2 * len(known) <= len(times):
        assert np.isnan(median)
    else:
        assert median in known
        assert sum(t <= median for t in known) * 2 >= len(times)


@given(TIMES.filter(lambda times: len(times) % 2 == 1))
def test_without_censoring_it_is_the_median(times):
    known = np.nan_to_num(np.array(times))
    assert median_censored(known) == np.median(known)


@given(st.lists(st.booleans(), min_size=1, max_size=40))
def test_a_share_lies_within_its_interval_which_is_mirrored_for_the_others(flags):
    share, others = share_of(np.array(flags)), share_of(~np.array(flags))
    # rounding of float64
    assert 0 <= share.low <= share.value + 1e-12
    assert share.value - 1e-12 <= share.high <= 1
    assert share.low == pytest.approx(1 - others.high, abs=1e-12)
    assert share.high == pytest.approx(1 - others.low, abs=1e-12)


def test_wilsons_interval_solves_the_normal_approximations_equation():
    """|p − 7/10| = z √(p (1 − p) / 10) at both ends, z the normal's 97.5 % point."""
    share = share_of(np.array([True] * 7 + [False] * 3))
    for p in (share.low, share.high):
        assert abs(p - 0.7) == pytest.approx(1.959963985 * np.sqrt(p * (1 - p) / 10), rel=1e-8)


def test_a_group_is_solved_at_its_first_record_of_enough(tiny):
    trace = train(tiny.placed())
    trace = trace.trace
    values = np.array([[0, 0.9, 0, 1], [0, 0.89, 0.2, 0.3], [0.95, 1, 1, np.nan]])
    group = trace.curves["group"].values.tolist().index("validation")
    trace.curves["accuracy"].values[:, :, group] = values
    np.testing.assert_array_equal(solved_at(trace), [2.0, np.nan, 0.0])

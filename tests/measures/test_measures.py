"""Intervals, diagonals and summaries against worked examples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import stats

from retrodict.measures import (
    band,
    diagonal_z,
    final_values,
    held_out_values,
    over_learners,
    preference,
    taught,
)
from retrodict.training import train

values = hnp.arrays(float, st.integers(2, 20), elements=st.floats(-1e3, 1e3))


@given(values)
def test_the_interval_is_scipys_t_interval(values):
    mine = over_learners(values)
    half = stats.t.ppf(0.975, len(values) - 1) * values.std(ddof=1) / np.sqrt(len(values))
    assert mine.mean == pytest.approx(values.mean(), abs=1e-9)
    assert mine.high - mine.mean == pytest.approx(half, rel=1e-9, abs=1e-9)
    assert mine.mean - mine.low == pytest.approx(half, rel=1e-9, abs=1e-9)


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    low, _, high = band(rng.normal(size=(10, 20_000)))
    covered = ((low < 0) & (high > 0)).mean()
    # four standard errors of a share of 20 000: 4 * sqrt(0.95 * 0.05 / 20000) = 0.006
    assert abs(covered - 0.95) < 0.006


def test_learners_that_are_not_finite_are_left_out():
    mine = over_learners(np.array([1.0, np.nan, 3.0, np.inf]))
    assert mine.mean == 2.0
    assert mine.learners == 2


def test_one_learner_has_a_mean_and_no_interval():
    mine = over_learners(np.array([1.5]))
    assert mine.mean == 1.5
    assert np.isnan(mine.low)
    assert f"{mine:.1f}" == "1.5"


def test_no_finite_learner_gives_no_mean():
    assert np.isnan(over_learners(np.array([np.nan, np.nan])).mean)


def test_z_of_a_worked_example():
    matrix = np.array([[5.0, 1.0], [3.0, 7.0]])
    assert diagonal_z(matrix) == pytest.approx((6 - 2) / 1)


@given(st.integers(2, 30), st.integers(0, 2**31))
def test_z_does_not_depend_on_shift_and_scale(n, seed):
    matrix = np.random.default_rng(seed).normal(size=(3, n, n))
    np.testing.assert_allclose(diagonal_z(4 * matrix + 7), diagonal_z(matrix), rtol=1e-6, atol=1e-9)


def test_z_of_noise_is_near_zero():
    z = diagonal_z(np.random.default_rng(0).normal(size=(200, 60, 60)))
    # the mean of 60 normal values has standard deviation 0.129, of 200 such 0.0091
    assert abs(z.mean()) < 4 * 0.0091


@pytest.mark.parametrize("matrix", [np.ones((4, 4)), np.ones((1, 1))])
def test_z_without_spread_is_not_a_number(matrix):
    assert np.isnan(diagonal_z(matrix))


def test_final_values_are_those_of_the_last_epoch(tiny):
    trace = train(tiny.placed()).trace
    finals = final_values(trace)
    assert [f.group for f in finals] == trace.curves["group"].values.tolist()
    assert [f.trained for f in finals] == [True, True, True, False]
    assert finals[-1].nll.mean == pytest.approx(
        float(trace.nll.sel(epoch=6, group="validation").mean())
    )


def test_preference_is_one_at_the_top_and_half_in_the_middle(tiny):
    trace = train(tiny.placed()).trace
    a = 6  # letters of V = 24
    trace.curves["rank"][:] = 1
    np.testing.assert_allclose(preference(trace), 1)
    trace.curves["rank"][:] = (1 + a) / 2
    np.testing.assert_allclose(preference(trace), 0.5)
    trace.curves["rank"][:] = a
    np.testing.assert_allclose(preference(trace), 0)


def test_taught_is_the_mean_over_all_taught_questions(tiny):
    trace = train(tiny.placed()).trace
    groups = trace.curves.sel(group=["train_forward", "train_backward", "train_seen"])
    expected = np.average(groups["nll"].values, axis=-1, weights=groups["questions"].values)
    np.testing.assert_allclose(taught(trace, "nll").values, expected)
    one = taught(trace, "nll", ["train_seen"])
    np.testing.assert_allclose(one.values, trace.nll.sel(group="train_seen").values)


def test_taught_is_unknown_where_a_group_is_not_finite(tiny):
    trace = train(tiny.placed()).trace
    trace.curves["nll"].loc[{"group": "train_seen", "learner": 1}] = np.nan
    assert np.isnan(taught(trace, "nll").values).all(axis=1).tolist() == [False, True, False]


def test_held_out_values_are_the_last_ones(tiny):
    trace = train(tiny.placed()).trace
    expected = trace.nll.sel(group="validation").values[:, -1]
    assert held_out_values(trace, "nll").tolist() == expected.tolist()

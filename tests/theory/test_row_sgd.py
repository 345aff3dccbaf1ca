"""SGD on one row against a whole softmax row, its sandwich, and its spread."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict.errors import BadInput
from retrodict.theory import descend_rows, logit_gap, sgd_gap_spread, sgd_gaps


def test_the_scalar_recursion_is_sgd_on_the_row():
    table = np.zeros((1, 30))
    gaps = [0.0]
    for _ in descend_rows(table, np.array([0]), np.array([7]), 0.5, [np.array([0])] * 50):
        gaps.append(table[0, 7] - table[0, 0])
    np.testing.assert_allclose(sgd_gaps(50, 0.5, 30), gaps, rtol=1e-12)


@settings(deadline=None)
@given(lr=st.floats(1e-3, 2.0), m=st.integers(2, 2000))
def test_sgd_lies_between_two_flows(lr, m):
    k = np.arange(1, 200)
    u = sgd_gaps(199, lr, m)[1:]
    slack = 1 + 1e-12
    assert np.all(logit_gap(lr * k, m) <= u * slack)
    assert np.all(u <= logit_gap(np.exp(lr) * lr * k, m) * slack)


def test_only_rows_that_are_read_move():
    table = np.zeros((3, 9))
    list(
        descend_rows(
            table, np.array([0, 2]), np.array([1, 5]), 0.1, [np.array([0]), np.array([1, 1])]
        )
    )
    assert np.all(table[1] == 0)
    assert np.all(table[[0, 2]] != 0)
    np.testing.assert_allclose(table.sum(axis=1), 0, atol=1e-15)


@pytest.mark.parametrize("order", ["shuffled", "with_replacement"])
def test_the_spread_is_that_of_simulated_orders(order):
    sentences, steps, lr, m = 20, 250, 0.5, 40
    rng = np.random.default_rng(0)
    found = []
    for _ in range(200):
        if order == "shuffled":
            passes = [rng.permutation(sentences) for _ in range(13)]
            drawn = np.concatenate(passes)[:steps]
        else:
            drawn = rng.integers(0, sentences, steps)
        found.append(sgd_gaps(steps, lr, m)[np.bincount(drawn, minlength=sentences)])
    mean, std = sgd_gap_spread(steps, sentences, lr, m, order)
    # 200 runs of 20 rows: the mean is known to std/√4000 (1.6 %), the spread to about as much
    assert np.mean(found) == pytest.approx(mean, abs=4 * std / np.sqrt(4000))
    assert np.std(found) == pytest.approx(std, rel=0.08)


def test_reference_entries():
    """The target's entry (1 − 1/M) u at M = 802, N = 340, η = 0.5 after 20, 100, 400 passes."""
    share, passes = 1 - 1 / 802, (20, 100, 400)
    flow = share * logit_gap(0.5 * np.array(passes), 802)
    np.testing.assert_allclose(flow, [7.567, 10.354, 11.909], atol=5e-4)
    cyclic = [share * sgd_gaps(k, 0.5, 802)[-1] for k in passes]
    np.testing.assert_allclose(cyclic, [7.659, 10.377, 11.916], atol=5e-4)
    spread = [sgd_gap_spread(340 * k, 340, 0.5, 802, "with_replacement") for k in passes]
    # the reference is one simulation of 340 rows: its mean is known to sd/√340, its sd to 4 %
    np.testing.assert_allclose(share * np.array(spread)[:, 0], [7.50, 10.37, 11.91], atol=0.05)
    np.testing.assert_allclose(share * np.array(spread)[:, 1], [0.75, 0.12, 0.05], rtol=0.15)


def test_an_unknown_order_is_refused():
    with pytest.raises(BadInput, match=r"choose from shuffled, with_replacement"):
        sgd_gap_spread(10, 5, 0.1, 10, "sorted")

"""The closed form against arbitrary precision, an ODE solver, and its own bounds."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import solve_ivp

from retrodict.errors import BadInput
from retrodict.theory import (
    gap_bounds,
    logit_gap,
    miss_bounds,
    other_nll,
    row_logits,
    row_nll,
    time_to_nll,
)

taus = st.floats(-12, 12).map(lambda exponent: 10.0**exponent)
vocab_sizes = st.one_of(st.integers(2, 50), st.integers(2, 10**6))


def exact_gap(tau: float, m: int, k: int = 1) -> mpmath.mpf:
    """Bisection at 50 digits, from the equation alone."""
    with mpmath.workdps(50):
        return mpmath.findroot(
            lambda u: k * mpmath.expm1(u) + (m - k) * u - m * mpmath.mpf(tau),
            (0, mpmath.log1p(m * mpmath.mpf(tau) / k)),
            solver="anderson",
            tol=1e-60,
            maxsteps=500,
        )


@given(tau=taus, m=vocab_sizes)
def test_the_gap_and_the_nll_keep_full_relative_accuracy(tau, m):
    u = exact_gap(tau, m)
    with mpmath.workdps(50):
        nll = mpmath.log1p((m - 1) * mpmath.exp(-u))
        assert abs(logit_gap(tau, m) / u - 1) < 1e-15
        # e^-u carries u times the rounding of u
        assert abs(row_nll(tau, m) / nll - 1) < 1e-15 * (2 + float(u))


@given(tau=taus, m=st.integers(4, 10**6), k=st.integers(2, 3))
def test_several_targets_keep_full_relative_accuracy(tau, m, k):
    u = exact_gap(tau, m, k)
    assert abs(logit_gap(tau, m, k) / u - 1) < 1e-15
    with mpmath.workdps(50):
        nll = mpmath.log(k + (m - k) * mpmath.exp(-u))
        assert abs(row_nll(tau, m, k) / nll - 1) < 1e-14


@pytest.mark.parametrize(("tau", "nll"), [(1, 5.68765017), (10, 0.343607989), (100, 0.0111789317)])
def test_reference_values(tau, nll):
    half_a_digit = 5e-9  # they are given to nine digits
    assert row_nll(tau, 800) == pytest.approx(nll, rel=half_a_digit)
    assert logit_gap(10, 800) == pytest.approx(7.57489618, rel=half_a_digit)


@pytest.mark.parametrize(("m", "k"), [(2, 1), (10, 1), (802, 1), (10, 3), (802, 2)])
def test_the_closed_form_solves_the_flow_of_a_whole_row(m, k):
    target = np.zeros(m)
    target[:k] = 1.0

    def flow(t: float, row: np.ndarray) -> np.ndarray:
        p = np.exp(row - row.max())
        return target - k * p / p.sum()

    times = np.array([0.1, 1.0, 10.0, 100.0])
    path = solve_ivp(
        flow, (0, 100), np.zeros(m), t_eval=times, method="DOP853", rtol=1e-11, atol=1e-12
    )
    rise, fall = row_logits(times, m, k)
    np.testing.assert_allclose(path.y[0], rise, rtol=1e-8)
    np.testing.assert_allclose(path.y[-1], fall, rtol=1e-8)
    p = np.exp(path.y) / np.exp(path.y).sum(axis=0)
    np.testing.assert_allclose(-np.log(p[0]), row_nll(times, m, k), rtol=1e-7)
    np.testing.assert_allclose(-np.log(p[-1]), other_nll(times, m, k), rtol=1e-7)


def test_limits():
    assert logit_gap(0, 800) == 0
    assert row_nll(0, 800) == pytest.approx(np.log(800))
    assert np.isinf(logit_gap(np.inf, 800))
    assert row_nll(np.inf, 800) == 0
    assert row_nll(np.inf, 800, 4) == pytest.approx(np.log(4))
    assert 1e12 * row_nll(1e12, 800) == pytest.approx(799 / 800, rel=1e-10)
    for tau in (1e300, 1e306, 1.7e308):
        assert logit_gap(tau, 800) == pytest.approx(np.log(800) + np.log(tau), rel=1e-15)


def test_arguments_broadcast_to_float64():
    found = logit_gap(np.array([[1], [2]], dtype=np.float32), [10, 100, 1000])
    assert found.shape == (2, 3)
    assert found.dtype == np.float64
    assert np.ndim(logit_gap(1, 10)) == 0


@given(tau=taus, m=vocab_sizes)
def test_the_bounds_hold(tau, m):
    slack = 1 + 1e-14  # rounding; at M = 2 both sides of a bound can agree to the last digit
    low, high = gap_bounds(tau, m)
    assert low <= logit_gap(tau, m) * slack
    assert logit_gap(tau, m) <= high * slack
    low, high = miss_bounds(tau, m)
    miss = -np.expm1(-row_nll(tau, m))
    assert low <= miss * slack
    assert miss <= high * slack


@given(nll=st.floats(1e-9, 6), m=st.integers(1000, 10**6))
def test_the_time_to_an_nll_is_its_inverse(nll, m):
    assert row_nll(time_to_nll(nll, m), m) == pytest.approx(nll, rel=1e-11)


def test_an_nll_above_the_start_takes_no_time():
    assert time_to_nll(9.0, 800) == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((-1.0, 800), r"tau: -1 is not an effective time; it must be at least 0"),
        ((float("nan"), 800), r"tau: nan is not an effective time"),
        (([1.0, -2.0], 800), r"tau: -2"),
        ((1.0, 1), r"vocab_size: 1 is not a size"),
        ((1.0, 2.5), r"vocab_size: 2\.5"),
        ((1.0, 3, 3), r"targets: 3 targets in a vocabulary of 3"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, says):
    with pytest.raises(BadInput, match=says):
        logit_gap(*arguments)
    with pytest.raises(BadInput, match="never reached"):
        time_to_nll(0.0, 800)

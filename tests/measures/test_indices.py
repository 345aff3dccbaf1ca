"""Asymmetry and intransitivity against worked matrices."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodict import Experiment
from retrodict.measures import asymmetry, indices, intransitivity, strength
from retrodict.theory import predict

EYE = np.eye(4)


def test_strength_is_the_diagonals_lead():
    assert strength(3 * EYE + 5) == pytest.approx(3)
    assert strength(np.stack([EYE, -EYE])).tolist() == pytest.approx([1, -1])
    assert np.isnan(strength(np.ones((1, 1))))


@given(gain=st.floats(0.1, 100), offset=st.floats(-50, 50))
def test_indices_do_not_depend_on_scale_and_offset(gain, offset):
    there, back = 4 * EYE, 1 * EYE
    found = asymmetry(gain * there + offset, gain * back - offset)
    assert found == pytest.approx(0.75, abs=1e-9)


def test_indices_read_as_shares_missing():
    assert asymmetry(2 * EYE, 2 * EYE) == pytest.approx(0)
    assert asymmetry(2 * EYE, 0 * EYE) == pytest.approx(1)
    assert asymmetry(2 * EYE, -EYE) == pytest.approx(1.5)
    assert np.isnan(asymmetry(0 * EYE, EYE))
    assert intransitivity(4 * EYE, 2 * EYE, EYE) == pytest.approx(0.5)
    assert intransitivity(4 * EYE, 2 * EYE, 2 * EYE) == pytest.approx(0)


@pytest.mark.parametrize(
    ("task", "curse", "control"),
    [
        ("reversal", "asymmetry", "asymmetry_control"),
        ("chain", "intransitivity", "intransitivity_control"),
    ],
)
def test_theory_lacks_all_of_the_untaught_and_nothing_of_the_taught(task, curse, control):
    experiment = Experiment(
        task={"kind": task, "vocab_size": 40},
        model={"kind": "one_layer"},
        training={"epochs": 50, "learners": 2},
        record={"weights_at": [50]},
    )
    found = indices(predict(experiment))
    assert set(found) == {curse, control}
    np.testing.assert_allclose(found[curse], 1, atol=1e-6)
    np.testing.assert_allclose(found[control], 0, atol=1e-6)


def test_a_trace_without_such_panels_has_no_indices():
    experiment = Experiment(
        task={"kind": "pairs", "n": 3, "m": 8},
        model={"kind": "bilinear", "d": 10},
        training={"epochs": 2, "learners": 1},
        record={"weights_at": [2]},
    )
    assert indices(predict(experiment)) == {}

"""The same bits where that is promised, and a stated distance where it is not.

docs/determinism.md says what is promised; `examples/determinism.py` measures it at a larger size.
"""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import retrodict

pytestmark = [pytest.mark.seconds, pytest.mark.bits]

_PATH = Path(__file__).parents[2] / "examples" / "determinism.py"


@pytest.fixture(scope="module")
def ways():
    """The example, as a module."""
    spec = importlib.util.spec_from_file_location("determinism", _PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_another_process_gives_the_same_bits(ways, tiny):
    assert ways.in_a_process(tiny).identical(retrodict.train(tiny))


def test_the_number_of_threads_alters_no_bit_of_the_curves(tiny):
    one, two = (retrodict.train(tiny.with_overrides(f"training.threads={n}")) for n in (1, 2))
    assert np.array_equal(one.nll, two.nll)
    assert np.array_equal(one.curves["training_loss"], two.curves["training_loss"], equal_nan=True)


def test_another_processor_agrees_step_by_step_in_float64(ways):
    """Rounding, 1e-16, grows with the training: by 1e5 at most in 60 steps of lr 1e-3."""
    asked = ways.experiment("float64", 0.001, epochs=10)
    here, there = retrodict.train(asked), ways.in_a_process(asked, **ways.OTHER_PROCESSOR)
    np.testing.assert_allclose(here.nll, there.nll, rtol=0, atol=1e-10)


@pytest.mark.slow
def test_another_processor_agrees_in_distribution_at_the_papers_learning_rate(ways):
    """Two samples of six learners: their intervals overlap, and both have memorised."""
    asked = ways.experiment("float32", 0.01, epochs=150)
    here, there = ways.in_a_process(asked), ways.in_a_process(asked, **ways.OTHER_PROCESSOR)
    from retrodict.measures import over_learners

    for group in ("train_forward", "validation"):
        one, other = (over_learners(t.nll.sel(group=group).values[:, -1]) for t in (here, there))
        assert one.low < other.high, group
        assert other.low < one.high, group

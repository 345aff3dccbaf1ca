"""Theory is drawn over training, and every theory plot shows what it was given."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from retrodict import Experiment
from retrodict.measures import Interval
from retrodict.plots import (
    plot_indices,
    plot_learning,
    plot_nll,
    plot_panels,
    plot_paths,
    plot_phase,
)
from retrodict.theory import predict
from retrodict.training import train


@pytest.fixture(scope="module")
def one_layer() -> Experiment:
    return Experiment(
        task={"kind": "reversal", "vocab_size": 16},
        model={"kind": "one_layer"},
        training={"epochs": 4, "learners": 2},
        record={"weights_at": []},
    )


def test_theory_lies_over_training(one_layer):
    axes = plot_nll(train(one_layer.placed()).trace, "t", "a", "b", theory=predict(one_layer)).axes[
        0
    ]
    black = [line for line in axes.lines if line.get_color() == "black"]
    assert len(black) == 2  # held-out questions and training
    validation = predict(one_layer).nll.sel(group="validation").mean("learner")
    np.testing.assert_allclose(black[0].get_ydata(), validation)
    assert "theory" in [text.get_text() for text in axes.get_legend().get_texts()]


def test_an_overlay_has_a_panel_an_experiment(one_layer):
    trace, theory = train(one_layer.placed()).trace, predict(one_layer)
    figure = plot_panels({"x": trace, "y": trace}, "t", 2, {"x": theory, "y": theory})
    assert [axes.get_title() for axes in figure.axes] == ["x", "y"]


def test_the_phase_diagram_hatches_what_was_not_memorised():
    over = ("pairs", "dimension")
    cells = {"shift": (over, [[3.0, -0.001]]), "memorised": (over, [[0.5, 1.0]])}
    phase = xr.Dataset(cells, {"pairs": [5], "dimension": [10, 1000]})
    axes = plot_phase(phase, "t").axes[0]
    assert [text.get_text() for text in axes.texts] == ["+3.00", "+0.00"]
    assert len(axes.patches) == 1


def test_paths_have_a_panel_a_model():
    figure = plot_paths(np.logspace(0, 3, 4), {"a": np.ones((2, 3, 4))}, np.log(9), "t")
    assert figure.axes[0].get_title() == "a"


def test_learning_times_stand_on_the_line_of_the_prediction():
    passes = np.array([1, 2, 4])
    curves = {"0.5": (passes, np.ones((2, 3)), np.ones(3))}
    measured = {
        "η": [(10.0, Interval(11.0, 10.0, 12.0, 2)), (100.0, Interval(90.0, 80.0, 99.0, 2))]
    }
    right = plot_learning(curves, measured, 0.1, "t").axes[1]
    np.testing.assert_array_equal(right.lines[0].get_xdata(), right.lines[0].get_ydata())


def test_indices_without_a_value_are_left_out():
    rows = {"m": {"asymmetry": Interval(1.0, 0.9, 1.1, 3)}}
    axes = plot_indices(rows, {"asymmetry": "A", "intransitivity": "I"}, "t").axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["A", "I"]

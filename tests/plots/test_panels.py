"""Figures of several panels: named, with baselines, numbers and a footer that fits."""

from __future__ import annotations

import numpy as np
import pytest

from retrodict import Experiment
from retrodict.measures import Interval
from retrodict.plots import (
    footer,
    plot_cosines,
    plot_effect,
    plot_film,
    plot_indices,
    plot_panels,
    plot_probability,
    plot_training,
)
from retrodict.training import train


@pytest.fixture
def trace(tiny):
    return train(tiny.placed()).trace


def legend_of(figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_panels_are_named_and_carry_baselines_and_last_numbers(trace):
    figure = plot_panels({"one": trace, "two": trace, "three": trace}, "t", columns=2)
    assert [axes.get_title() for axes in figure.axes] == ["one", "two", "three"]
    assert {"uniform over all tokens", "uniform over the alphabet"} <= set(legend_of(figure))
    last = trace.nll.sel(group="validation").isel(epoch=-1).mean()
    assert f"{float(last):.2f}" in [text.get_text() for text in figure.axes[0].texts]
    assert "the same, whole answer (sum)" not in legend_of(figure)


def test_answers_of_several_tokens_have_a_line_of_their_own(tiny):
    words = train(tiny.with_overrides("task.entity_length=2").placed()).trace
    first = plot_panels({"k": words}, "t", columns=1)
    assert "the same, whole answer (sum)" in legend_of(first)
    whole = plot_panels({"k": words}, "t", columns=1, whole_answer=True)
    assert "held-out, whole answer" in legend_of(whole)
    assert "uniform over the alphabet" not in legend_of(whole)
    heights = [line.get_ydata()[0] for line in whole.axes[0].lines]
    assert 2 * words.attrs["uniform_nll"] in heights
    last = words.entity_nll.sel(group="validation").isel(epoch=-1).mean()
    assert f"{float(last):.2f}" in [text.get_text() for text in whole.axes[0].texts]


def test_probabilities_stay_between_0_and_1():
    experiment = Experiment(
        task={"kind": "in_context", "vocab_size": 12, "x_tokens": 5, "y_tokens": 4},
        model={"kind": "transformer", "n_layer": 1, "n_head": 1, "d_model": 8},
        training={"epochs": 2, "learners": 2},
    )
    figure = plot_probability(
        train(experiment.placed()).trace, "t", {"train": "a", "validation": "b"}
    )
    assert figure.axes[0].get_ylim()[0] == 0
    assert {"a", "b"} <= set(legend_of(figure))


def test_cosines_stand_under_the_curves(trace):
    figure = plot_cosines({"x": trace}, "t", {"train_forward": "training", "validation": "held"})
    titles = [axes.get_title() for axes in figure.axes[:3]]
    assert titles[0] == "x"
    assert titles[1].startswith("training\nz = ")
    assert figure.axes[1].get_images()[0].get_clim() == (-1, 1)


def test_a_film_strip_has_a_column_a_snapshot(trace):
    figure = plot_film([(trace, "train_forward"), (trace, "validation")], "t")
    assert [axes.get_title() for axes in figure.axes] == ["epoch 0", "epoch 6", "", ""]
    assert all(axes.get_xlabel() != "z = -0.0" for axes in figure.axes)


def test_effects_have_a_reference_and_a_marker_a_variant():
    found = [Interval(1.0, 0.5, 1.5, 3), Interval(2.0, np.nan, np.nan, 1)]
    panels = {"m": ({"with": found, "without": found}, 0.0, "nothing")}
    figure = plot_effect(["a", "b"], panels, "t")
    assert legend_of(figure) == ["with", "without"]
    assert [t.get_text() for t in figure.axes[0].get_yticklabels()] == ["a", "b"]
    assert "nothing" in [text.get_text() for text in figure.axes[0].texts]


def test_training_curves_share_an_axis(trace):
    figure = plot_training({"2 layers": {"lr 1": trace}, "4 layers": {"lr 1": trace}}, "t")
    assert legend_of(figure) == ["lr 1", "uniform guess"]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_indices_mark_the_values_that_mean_something():
    rows = {"model": {"a": Interval(0.5, 0.4, 0.6, 3)}}
    figure = plot_indices(rows, {"a": "A"}, "t", xlabel="x", ends={0.0: "nothing"})
    assert "nothing" in [text.get_text() for text in figure.axes[0].texts]


def test_a_long_footer_takes_lines_and_the_legend_makes_room(trace):
    figure = plot_panels({"one": trace}, "t", columns=1)
    footer(figure, "word " * 60, "a claim fails " * 20)
    figure.draw_without_rendering()
    width, height = figure.get_size_inches() * figure.dpi
    boxes = [text.get_window_extent() for text in figure.texts if text is not figure._suptitle]
    assert len(boxes) > 3
    assert all(box.x1 <= width and box.y0 >= 0 for box in boxes)
    assert figure.legends[0].get_window_extent().y0 >= max(box.y1 for box in boxes) - 1
    assert height > 0

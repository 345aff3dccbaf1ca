"""Grids of answers, and weights before and after."""

from __future__ import annotations

import numpy as np

from retrodict.plots import plot_answers, plot_before_after
from retrodict.training import train


def test_a_grid_gives_means_and_the_range_where_learners_differ():
    mean = np.array([[0.0, 0.5], [1.0, 0.25]])
    wide = np.array([[0.0, 0.3], [0.0, 0.0]])
    grid = np.stack([mean - wide, mean, mean + wide], axis=-1)
    lines = {"a": (np.array([0.0, 1.0]), np.array([[0.0, 1.0], [0.5, 0.5]]))}
    figure = plot_answers(["r", "s"], ["1", "2"], {"right": grid}, "c", {("p", "x"): lines}, "t")
    texts = [text.get_text() for text in figure.subfigs[0].axes[0].texts]
    assert texts == ["0.00", "0.50", "0.20–0.80", "1.00", "0.25"]
    assert len(figure.subfigs[1].axes[0].lines) == 3  # two learners and their mean


def test_weights_before_and_after_say_z_and_the_share_of_right_answers(tiny):
    trace = train(tiny.placed()).trace
    figure = plot_before_after({"one": trace, "two": trace}, "validation", "t")
    right = float(trace.accuracy.sel(group="validation").isel(epoch=-1).mean())
    labels = [axes.get_xlabel() for axes in figure.axes[:4]]
    assert all(label.startswith("z = ") for label in labels)
    assert [f"{100 * right:.0f} % right" in label for label in labels] == [False, False, True, True]

"""Figures say what they should, and survive learners that ended."""

from __future__ import annotations

import numpy as np
import pytest

from retrodict.plots import footer, plot_matrices, plot_nll, save
from retrodict.training import train


@pytest.fixture
def trace(tiny):
    return train(tiny.placed()).trace


def texts(figure) -> str:
    axes = figure.axes[0]
    legend = axes.get_legend()
    labels = [t.get_text() for t in legend.get_texts()] if legend else []
    return " ".join([axes.get_title(), axes.get_xlabel(), axes.get_ylabel(), *labels])


def test_the_curves_name_their_axes_units_and_both_baselines(trace):
    said = texts(plot_nll(trace, "a title", "trained", "asked"))
    for part in ("a title", "epoch", "nats", "trained", "asked", "3.26", "1.79"):
        assert part in said  # ln 26 and ln 6


def test_every_learner_has_a_thin_line(trace):
    axes = plot_nll(trace, "t", "a", "b").axes[0]
    thin = [line for line in axes.lines if line.get_linewidth() < 1]
    assert len(thin) == 2 * 3


def test_all_matrices_share_one_colour_scale(trace):
    figure = plot_matrices(trace, "t", rows=2, columns=2)
    limits = {image.get_clim() for axes in figure.axes for image in axes.get_images()}
    assert len(limits) == 1
    (low, high) = limits.pop()
    assert low == -high


def test_panels_are_named_and_carry_z(trace):
    figure = plot_matrices(trace, "t", rows=2, columns=2)
    titles = [axes.get_title() for axes in figure.axes[:4]]
    assert "unseen direction" in titles[3]
    assert all("z = " in title for title in titles)


def test_a_learner_that_ended_is_not_the_one_shown(trace):
    for panel in trace.weights.values():
        panel["entity_only"][0] = np.nan
    trace.curves["diverged_at"][0] = 3
    figure = plot_matrices(trace, "t", rows=2, columns=2)
    assert np.isfinite(figure.axes[0].get_images()[0].get_array()).all()


def test_saved_files_are_png_and_pdf_and_the_same_each_time(trace, tmp_path):
    contents = []
    for name in ("one", "two"):
        figure = plot_nll(trace, "t", "a", "b")
        footer(figure, "where it comes from")
        files = save(figure, tmp_path / name)
        assert [path.suffix for path in files] == [".png", ".pdf"]
        contents.append([path.read_bytes() for path in files])
    assert contents[0] == contents[1]

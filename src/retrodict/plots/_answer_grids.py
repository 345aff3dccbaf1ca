"""Grids that show what held-out questions are answered, over two settings; curves below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Axes, Figure, drawing
from retrodict.plots._style import SERIES, new_figure

Lines = dict[str, tuple[np.ndarray, np.ndarray]]
"""Variant → x values, and y values of shape (learner, x)."""

Grid = Float[np.ndarray, "row column learner"]


def plot_answers(
    rows: Sequence[str],
    columns: Sequence[str],
    grids: Mapping[str, Grid],
    column_label: str,
    curves: Mapping[tuple[str, str], Lines],
    title: str,
) -> Figure:
    """Draw shares over rows and columns as colours and numbers; below, curves of some cells.

    Under a cell's mean is the range over its learners if that is wider than 0.1. Curves have a
    mean, a 95 % band and a thin line per learner.

    Args:
        rows, columns: names of the settings.
        grids: what is counted → its share in each cell; NaN for a learner that is left out.
        column_label: what the columns are.
        curves: (the panel's title, its x label) → its lines.
    """
    heights = [0.37 * len(rows) + 1.2, 3.0]
    with drawing():
        figure = new_figure(10.4, sum(heights) + 0.4)
        upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
        top = upper.subplots(1, len(grids), sharey=True, squeeze=False)[0]
        for axes, (what, grid) in zip(top, grids.items(), strict=True):
            mean = np.nanmean(grid, -1)
            image = axes.imshow(mean, cmap="Blues", vmin=0, vmax=1, aspect="auto")
            for cell in np.ndindex(mean.shape):
                _number(axes, cell, mean[cell], np.nanmin(grid[cell]), np.nanmax(grid[cell]))
            axes.set_xticks(range(len(columns)), columns)
            axes.set(title=what, xlabel=column_label)
        top[0].set_yticks(range(len(rows)), rows)
        upper.colorbar(image, ax=top, label="share of held-out questions", fraction=0.02)
        bottom = lower.subplots(1, len(curves), sharey=True, squeeze=False)[0]
        for axes, ((name, axis), lines) in zip(bottom, curves.items(), strict=True):
            for (variant, (at, values)), color in zip(lines.items(), SERIES, strict=False):
                draw_learners(axes, at, values, color, variant)
            axes.set(title=name, xlabel=axis)
            axes.set_ylim(-0.03, 1.03)
            beside = 2 if len(lines) == 4 else 3
            axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=beside)
        bottom[0].set_ylabel("share of held-out questions")
        figure.suptitle(title, fontsize=11)
    return figure


def _number(axes: Axes, cell: tuple[int, int], mean: float, low: float, high: float) -> None:
    """Write a cell's mean, and under it the range if that is wide."""
    row, column = cell
    look: Any = {"ha": "center", "va": "center", "color": "white" if mean > 0.6 else "black"}
    wide = high - low > 0.1
    axes.text(column, row - 0.16 if wide else row, f"{mean:.2f}", fontsize=7.5, **look)
    if wide:
        axes.text(column, row + 0.25, f"{low:.2f}–{high:.2f}", fontsize=5, **look)

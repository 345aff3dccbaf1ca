"""What held-out answers are: grids of shares over two settings, with curves below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from retrodict.measures import diagonal_z, over_learners
from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Axes, Figure, drawing
from retrodict.plots._matrices import draw_matrix, first_finite
from retrodict.plots._style import SERIES, new_figure
from retrodict.trace import Trace

Lines = dict[str, tuple[np.ndarray, np.ndarray]]
"""Variant → places on the axis, values (learner, place)."""

Grid = tuple[
    Float[np.ndarray, "row column"],
    Float[np.ndarray, "row column"],
    Float[np.ndarray, "row column"],
]
"""Means over learners, smallest and largest learner."""


def plot_answers(
    rows: Sequence[str],
    columns: Sequence[str],
    grids: Mapping[str, Grid],
    column_label: str,
    curves: Mapping[tuple[str, str], Lines],
    title: str,
) -> Figure:
    """Draw shares over rows and columns as colours and numbers, and curves of some cells below.

    Under a cell's mean stands the range over its learners where that is wider than 0.1. Curves are
    drawn as means, 95 % bands and thin learners.

    Args:
        rows, columns: what the settings are called.
        grids: what is counted → its mean, smallest and largest share in each cell.
        column_label: what the columns are.
        curves: (the panel's title, what its axis is) → its lines.
        title: over the figure.
    """
    with drawing():
        figure = new_figure(10.4, 0.37 * len(rows) + 4.6)
        heights = [0.37 * len(rows) + 1.2, 3.0]
        upper, lower = figure.subfigures(2, 1, squeeze=False, height_ratios=heights)[:, 0]
        top = upper.subplots(1, len(grids), sharey=True, squeeze=False)[0]
        for axes, (what, grid) in zip(top, grids.items(), strict=True):
            image = axes.imshow(grid[0], cmap="Blues", vmin=0, vmax=1, aspect="auto")
            _number(axes, grid)
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
            axes.legend(
                loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=3 if len(lines) != 4 else 2
            )
        bottom[0].set_ylabel("share of held-out questions")
        figure.suptitle(title, fontsize=11)
    return figure


def plot_before_after(traces: Mapping[str, Trace], panel: str, title: str) -> Figure:
    """Draw a panel of prompt-matched weights before and after training, one column per experiment.

    Each row of a matrix has its mean taken off, which alters no answer; one colour scale for all.
    Matrices are of the first learner that stayed finite; z, how far the diagonal stands out, and
    the share of right answers are means over learners.

    Args:
        traces: the column's title → what training gave, with at least two snapshots.
        panel: which panel.
        title: over the figure.
    """
    centred, zs = {}, {}
    for name, trace in traces.items():
        matrices = trace.weights[panel]["prompt_matched"].values
        zs[name] = [over_learners(z) for z in diagonal_z(matrices[:, [0, -1]]).T]
        shown = matrices[first_finite(trace)][[0, -1]].astype(float)
        centred[name] = shown - shown.mean(-1, keepdims=True)
    limit = max(float(np.quantile(np.abs(m[1]), 0.99)) for m in centred.values())
    with drawing():
        figure = new_figure(1.55 * len(traces) + 1.4, 4.7)
        grid = figure.subplots(2, len(traces), squeeze=False)
        for column, (name, trace) in zip(grid.T, traces.items(), strict=True):
            right = over_learners(
                trace.curves["accuracy"].sel(group=panel).isel(epoch=-1).values
            ).mean
            for axes, matrix, z, more in zip(
                column, centred[name], zs[name], ("", f"\n{100 * right:.0f} % right"), strict=True
            ):
                image = draw_matrix(axes, matrix, limit)
                says = f"z = {z:.2f}".replace("-", "−")
                axes.set_xlabel(says + more)
            column[0].set_title(name)
        grid[0, 0].set_ylabel("before training\nrow: question,\ncolumn: answer")
        grid[1, 0].set_ylabel("after training\nrow: question,\ncolumn: answer")
        figure.colorbar(image, ax=grid, shrink=0.6, label="logit − mean of its row")
        figure.suptitle(title, fontsize=11)
    return figure


def _number(axes: Axes, grid: Grid) -> None:
    mean, low, high = grid
    for i, j in np.ndindex(mean.shape):
        color = "white" if mean[i, j] > 0.6 else "black"
        wide = high[i, j] - low[i, j] > 0.1
        y = i - 0.16 if wide else i
        says = f"{mean[i, j]:.2f}"
        axes.text(j, y, says, ha="center", va="center", fontsize=7.5, color=color)
        if wide:
            says = f"{low[i, j]:.2f}–{high[i, j]:.2f}"
            axes.text(j, i + 0.25, says, ha="center", va="center", fontsize=5, color=color)

"""Effective-weight matrices side by side, with one colour scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from retrodict.measures import diagonal_z, over_learners
from retrodict.plots._curves import draw_panel
from retrodict.plots._drawing import Axes, AxesImage, Figure, drawing
from retrodict.plots._style import legend_below, new_figure
from retrodict.trace import Trace


def plot_matrices(trace: Trace, title: str, rows: int, columns: int, snapshot: int = -1) -> Figure:
    """Draw one snapshot of every panel of the first learner that stayed finite.

    Each panel's title gives z, how far the diagonal stands out, averaged over all learners.

    Args:
        trace: with at least one snapshot of effective weights.
        title: over the figure.
        rows, columns: how the panels are laid out, in the trace's order, row by row.
        snapshot: which; the colours are always those of the last.
    """
    first = first_finite(trace)
    largest = _colour_limit(trace, list(trace.weights))
    with drawing():
        figure = new_figure(2.5 * columns + 0.9, 2.75 * rows + 0.4)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, panel in zip(grid.flat, trace.weights.values(), strict=True):
            matrices = panel["entity_only"].isel(snapshot=snapshot)
            image = draw_matrix(axes, matrices.isel(learner=first).values, largest)
            z = over_learners(diagonal_z(matrices.values))
            axes.set_title(f"{panel.attrs['title']}\nz = {z:.2f}")
            axes.set(xlabel="target entity", ylabel="source entity")
        figure.colorbar(image, ax=grid, shrink=0.6, label="effective weight (logit)")
        figure.suptitle(title, fontsize=10)
    return figure


def plot_cosines(traces: Mapping[str, Trace], title: str, panels: Mapping[str, str]) -> Figure:
    """Draw each experiment's NLL and, under it, cosines of the embeddings of sources and targets.

    Cosines are of the first learner that stayed finite; z, how far partners stand out, over all.

    Args:
        traces: the column's title → what training gave.
        title: over the figure.
        panels: the trace's panel → what its row is called.
    """
    with drawing():
        figure = new_figure(2.5 * len(traces) + 0.9, 2.2 + 2.5 * len(panels))
        grid = figure.subplots(1 + len(panels), len(traces), squeeze=False)
        for column, (name, trace) in zip(grid.T, traces.items(), strict=True):
            draw_panel(column[0], trace)
            column[0].set(title=name, xlabel="epoch")
            column[0].set_ylim(bottom=0)
            for axes, (panel, says) in zip(column[1:], panels.items(), strict=True):
                cosines = trace.weights[panel]["embedding_cosine"].isel(snapshot=-1)
                z = over_learners(diagonal_z(cosines.values))
                shown = cosines.isel(learner=first_finite(trace)).values
                image = draw_matrix(axes, shown, 1.0)
                axes.set_title(f"{says}\nz = {z:.2f}")
                axes.set(xlabel="target entity", ylabel="source entity")
        grid[0, 0].set_ylabel("NLL (nats)")
        figure.colorbar(image, ax=grid[1:], shrink=0.6, label="cosine of embeddings")
        legend_below(figure, grid[0, 0], columns=2)
        figure.suptitle(title, fontsize=11)
    return figure


def plot_film(rows: Sequence[tuple[Trace, str]], title: str) -> Figure:
    """Draw effective weights over training: one column per snapshot, one row per panel.

    One colour scale a trace; under each matrix z, how far the diagonal stands out, averaged over
    learners. The matrices are those of the first learner that stayed finite.

    Args:
        rows: (trace, panel); all traces have the same number of snapshots.
        title: over the figure.
    """
    columns = len(rows[0][0].weights[rows[0][1]]["snapshot"])
    with drawing():
        figure = new_figure(1.0 * columns + 1.3, 1.35 * len(rows) + 0.6)
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for i, (line, (trace, name)) in enumerate(zip(grid, rows, strict=True)):
            panel = trace.weights[name]
            first_of_trace = i == 0 or rows[i - 1][0] is not trace
            limit = _colour_limit(trace, [p for t, p in rows if t is trace])
            for at, axes in enumerate(line):
                matrices = panel["entity_only"].isel(snapshot=at)
                shown = matrices.isel(learner=first_finite(trace)).values
                draw_matrix(axes, shown, limit)
                z = over_learners(diagonal_z(matrices.values)).mean
                axes.set_xlabel(f"z = {round(z, 1) + 0.0:.1f}")  # never a negative zero
                if first_of_trace:
                    axes.set_title(f"epoch {int(matrices['snapshot'])}")
            line[0].set_ylabel(
                str(panel.attrs["title"]).replace(": ", ":\n"), rotation=0, ha="right", va="center"
            )
        figure.suptitle(title, fontsize=11)
    return figure


def draw_matrix(axes: Axes, matrix: Float[np.ndarray, "row column"], limit: float) -> AxesImage:
    """Draw a matrix in a frame without ticks; colours reach from -limit to limit."""
    axes.set(xticks=[], yticks=[])
    axes.spines[["top", "right"]].set_visible(True)
    return axes.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")


def first_finite(trace: Trace) -> int:
    """The first learner that stayed finite."""
    return int(np.argmax(np.isnan(trace.curves["diverged_at"].values)))


def _colour_limit(trace: Trace, panels: Sequence[str]) -> float:
    """Return the largest |weight| of the last snapshots, but for one in a thousand."""
    at = {"snapshot": -1, "learner": first_finite(trace)}
    last = [trace.weights[panel]["entity_only"].isel(at).values for panel in panels]
    sizes = [float(np.quantile(np.abs(m), 0.999)) for m in last if np.isfinite(m).all()]
    return max(sizes, default=1.0)

"""Effective-weight matrices side by side, with one colour scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from retrodict.measures import Interval, at_end, over_learners, z_of_snapshots
from retrodict.plots._curves import draw_panel
from retrodict.plots._drawing import Axes, Figure
from retrodict.plots._style import sheet
from retrodict.trace import Trace

_ENTITIES = {"xlabel": "target entity", "ylabel": "source entity"}


def plot_matrices(trace: Trace, title: str, rows: int, columns: int, snapshot: int = -1) -> Figure:
    """Draw one snapshot of every panel of the first learner that stayed finite.

    Each panel's title gives z, how far the diagonal stands out, averaged over all learners.

    Args:
        trace: with at least one snapshot of effective weights.
        rows, columns: how the panels are laid out, in the trace's order, row by row.
        snapshot: its index; the colour scale is always that of the last snapshot.
    """
    limit = _colour_limit(trace, list(trace.weights))
    size = 2.5 * columns + 0.9, 2.75 * rows + 0.4
    with sheet(title, *size, rows, columns, size=10) as (figure, grid):
        for axes, (name, panel) in zip(grid.flat, trace.weights.items(), strict=True):
            z = _draw_snapshot(axes, trace, name, "entity_only", snapshot, limit)
            axes.set(title=f"{panel.attrs['title']}\nz = {z:.2f}", **_ENTITIES)
        figure.colorbar(axes.images[0], ax=grid, shrink=0.6, label="effective weight (logit)")
    return figure


def plot_cosines(traces: Mapping[str, Trace], title: str, panels: Mapping[str, str]) -> Figure:
    """Draw each experiment's NLL and, under it, cosines of the embeddings of sources and targets.

    Cosines are of the first learner that stayed finite; z, how far partners stand out, over all.
    There is a column per trace, with its title, and a row per panel, with its title.
    """
    size = 2.5 * len(traces) + 0.9, 2.2 + 2.5 * len(panels)
    with sheet(title, *size, 1 + len(panels), len(traces), legend=2) as (figure, grid):
        for column, (name, trace) in zip(grid.T, traces.items(), strict=True):
            draw_panel(column[0], trace)
            column[0].set(title=name, xlabel="epoch")
            column[0].set_ylim(bottom=0)
            for axes, (panel, says) in zip(column[1:], panels.items(), strict=True):
                z = _draw_snapshot(axes, trace, panel, "embedding_cosine", -1, 1.0)
                axes.set(title=f"{says}\nz = {z:.2f}", **_ENTITIES)
        grid[0, 0].set_ylabel("NLL (nats)")
        figure.colorbar(axes.images[0], ax=grid[1:], shrink=0.6, label="cosine of embeddings")
    return figure


def plot_film(rows: Sequence[tuple[Trace, str]], title: str) -> Figure:
    """Draw effective weights over training: one column per snapshot, one row per panel.

    Rows are (trace, panel), and all traces have the same number of snapshots. One colour scale per
    trace; under each matrix z, how far the diagonal stands out, averaged over learners. The
    matrices are those of the first learner that stayed finite.
    """
    columns = len(rows[0][0].weights[rows[0][1]]["snapshot"])
    size = 1.0 * columns + 1.3, 1.35 * len(rows) + 0.6
    with sheet(title, *size, len(rows), columns) as (figure, grid):
        titled = None
        for line, (trace, name) in zip(grid, rows, strict=True):
            panel = trace.weights[name]
            limit = _colour_limit(trace, [p for t, p in rows if t is trace])
            for at, axes in enumerate(line):
                z = _draw_snapshot(axes, trace, name, "entity_only", at, limit).mean
                axes.set_xlabel(f"z = {round(z, 1) + 0.0:.1f}")  # never a negative zero
                if trace is not titled:
                    axes.set_title(f"epoch {int(panel['snapshot'][at])}")
            titled = trace
            says = str(panel.attrs["title"]).replace(": ", ":\n")
            line[0].set_ylabel(says, rotation=0, ha="right", va="center")
    return figure


def plot_before_after(traces: Mapping[str, Trace], panel: str, title: str) -> Figure:
    """Draw a panel of prompt-matched weights before and after training, one column per experiment.

    The mean of each row of a matrix is subtracted, which does not change any answer; all matrices
    share one colour scale. Matrices are of the first learner that stayed finite; z, how far the
    diagonal stands out,
    and the share of right answers are means over learners.

    Args:
        traces: by the title of their column, with at least two snapshots.
        panel: of each trace.
    """
    found = {}
    for name, trace in traces.items():
        ends = trace.weights[panel]["prompt_matched"].isel(snapshot=[0, -1])
        shown = ends.isel(learner=_first_finite(trace)).values.astype(float)
        found[name] = shown - shown.mean(-1, keepdims=True), z_of_snapshots(ends)
    limit = max(float(np.quantile(np.abs(shown[1]), 0.99)) for shown, _ in found.values())
    with sheet(title, 1.55 * len(traces) + 1.4, 4.7, 2, len(traces)) as (figure, grid):
        for column, (name, (shown, zs)) in zip(grid.T, found.items(), strict=True):
            right = over_learners(at_end(traces[name].curves["accuracy"].sel(group=panel))).mean
            notes = "", f"\n{100 * right:.0f} % right"
            for axes, matrix, z, note in zip(column, shown, zs, notes, strict=True):
                _draw_matrix(axes, matrix, limit)
                axes.set_xlabel(f"z = {z:.2f}".replace("-", "−") + note)
            column[0].set_title(name)
        for axes, when in zip(grid[:, 0], ("before", "after"), strict=True):
            axes.set_ylabel(f"{when} training\nrow: question,\ncolumn: answer")
        image = grid[-1, -1].images[0]
        figure.colorbar(image, ax=grid, shrink=0.6, label="logit − mean of its row")
    return figure


def _draw_snapshot(
    axes: Axes, trace: Trace, panel: str, variant: str, snapshot: int, limit: float
) -> Interval:
    """Draw a matrix of the first learner that stayed finite; return z over all learners."""
    matrices = trace.weights[panel][variant].isel(snapshot=[snapshot])
    _draw_matrix(axes, matrices.values[_first_finite(trace), 0], limit)
    return z_of_snapshots(matrices)[0]


def _draw_matrix(axes: Axes, matrix: Float[np.ndarray, "row column"], limit: float) -> None:
    """Draw a matrix in a frame without ticks; colours reach from -limit to limit."""
    axes.set(xticks=[], yticks=[])
    axes.spines[["top", "right"]].set_visible(True)
    axes.imshow(matrix, cmap="RdBu_r", vmin=-limit, vmax=limit, interpolation="nearest")


def _first_finite(trace: Trace) -> int:
    """Return the index of the first learner that stayed finite."""
    return int(np.argmax(np.isnan(trace.curves["diverged_at"].values)))


def _colour_limit(trace: Trace, panels: Sequence[str]) -> float:
    """Return the 99.9 % quantile of the last snapshots' |weights|, the largest of the panels'."""
    at = {"snapshot": -1, "learner": _first_finite(trace)}
    last = [trace.weights[panel]["entity_only"].isel(at).values for panel in panels]
    sizes = [float(np.quantile(np.abs(m), 0.999)) for m in last if np.isfinite(m).all()]
    return max(sizes, default=1.0)

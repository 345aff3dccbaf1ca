"""Effective-weight matrices side by side, with one colour scale."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from retrodict.measures import diagonal_z, over_learners
from retrodict.plots._style import RC, new_figure
from retrodict.trace import Trace


def plot_matrices(
    trace: Trace, title: str, rows: int, columns: int, variant: str = "entity_only"
) -> Figure:
    """Draw the last snapshot of every panel of the first learner that stayed finite.

    Each panel's title gives z, how far the diagonal stands out, averaged over all learners.

    Args:
        trace: with at least one snapshot of effective weights.
        title: over the figure.
        rows, columns: how the panels are laid out, in the trace's order, row by row.
        variant: `entity_only`, `prompt_matched` or `embedding_cosine`.
    """
    matrices = {name: panel[variant].isel(snapshot=-1) for name, panel in trace.weights.items()}
    first = int(np.argmax(np.isnan(trace.curves["diverged_at"].values)))
    shown = {name: matrix.isel(learner=first).values for name, matrix in matrices.items()}
    sizes = [float(np.quantile(np.abs(m), 0.999)) for m in shown.values() if np.isfinite(m).all()]
    largest = max(sizes, default=1.0)
    with mpl.rc_context(RC):
        figure = new_figure(2.5 * columns + 0.9, 2.75 * rows + 0.4)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes, (name, matrix) in zip(grid.flat, shown.items(), strict=True):
            image = axes.imshow(
                matrix, cmap="RdBu_r", vmin=-largest, vmax=largest, interpolation="nearest"
            )
            z = over_learners(diagonal_z(matrices[name].values))
            panel = str(trace.weights[name].attrs["title"])
            axes.set_title(f"{panel}\nz = {z.mean:.2f} ± {z.high - z.mean:.2f}")
            axes.set(xticks=[], yticks=[], xlabel="target entity", ylabel="source entity")
            axes.spines[["top", "right"]].set_visible(True)
        label = "cosine" if variant == "embedding_cosine" else "effective weight (logit)"
        figure.colorbar(image, ax=grid, shrink=0.6, label=label)
        figure.suptitle(title, fontsize=10)
    return figure

"""Plots of theory: loss paths, the phase diagram and times to learn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float

from retrodict.measures import Interval
from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Figure, drawing
from retrodict.plots._style import (
    MARKERS,
    NEUTRAL,
    SERIES,
    TRAINING,
    VALIDATION,
    draw_level,
    draw_means,
    new_figure,
    sheet,
)

_LIMIT = 2.0
"""Nats; the phase diagram's colours saturate at ±this."""


def plot_phase(phase: xr.Dataset, title: str) -> Figure:
    """Draw the reverse loss's distance from a uniform guess over dimension d and pairs n.

    Args:
        phase: over (pairs, dimension): `shift`, mean of L_rev − ln m in nats; `memorised`, share of
            draws whose training set is memorised. Cells where that is below 1 are hatched.
    """
    shift, memorised = phase["shift"].values, phase["memorised"].values
    with drawing():
        from matplotlib.patches import Rectangle

        figure = new_figure(6.4, 3.6)
        axes = figure.subplots()
        image = axes.imshow(
            np.clip(shift, -_LIMIT, _LIMIT),
            cmap="RdBu_r",
            vmin=-_LIMIT,
            vmax=_LIMIT,
            origin="lower",
            aspect="auto",
        )
        for i, j in np.ndindex(shift.shape):
            dark = abs(shift[i, j]) > 0.75 * _LIMIT
            box = None
            if memorised[i, j] < 1:
                hatched: Any = {"fill": False, "hatch": "////", "edgecolor": NEUTRAL, "lw": 0}
                axes.add_patch(Rectangle((j - 0.5, i - 0.5), 1, 1, **hatched))
                box = {"fc": "0.35" if dark else "white", "ec": "none", "pad": 0.6}
            axes.text(
                j,
                i,
                f"{shift[i, j] + 0.0:+.2f}".replace("-", "−").replace("−0.00", "+0.00"),
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if dark else "black",
                bbox=box,
            )
        dimensions, pairs = phase["dimension"].values, phase["pairs"].values
        axes.set_xticks(range(len(dimensions)), [f"{d:,}".replace(",", " ") for d in dimensions])
        axes.set_yticks(range(len(pairs)), pairs)
        axes.set(title=title, xlabel="embedding dimension d", ylabel="pairs n")
        axes.spines[["top", "right"]].set_visible(True)
        figure.colorbar(image, ax=axes, extend="both", label="L_rev − ln m (nats)")
    return figure


def plot_paths(
    times: Float[np.ndarray, " time"],
    panels: Mapping[str, Float[np.ndarray, "2 draw time"]],
    guess: float,
    title: str,
) -> Figure:
    """Draw training loss and reverse loss over time, one panel per model.

    Args:
        times: t, log-spaced.
        panels: the panel's title → training loss and reverse loss, in nats.
        guess: a uniform guess, ln m.
    """
    size = 2.0 * len(panels) + 0.5, 2.7
    look: Any = {"size": 10, "ylabel": "loss (nats)", "legend": 0, "sharex": True, "sharey": True}
    with sheet(title, *size, 1, len(panels), **look) as (figure, grid):
        for axes, (name, (training, reverse)) in zip(grid.flat, panels.items(), strict=True):
            draw_learners(axes, times, reverse, VALIDATION, "held-out direction")
            draw_learners(axes, times, training, TRAINING, "training")
            draw_level(axes, guess, "uniform guess")
            axes.set(xscale="log", title=name, xlabel="time t")
            axes.set_ylim(0, 2.2 * guess)
    return figure


def plot_learning(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray, np.ndarray]],
    measured: Mapping[str, Sequence[tuple[float, Interval]]],
    threshold: float,
    title: str,
) -> Figure:
    """Draw trained NLL over closed form, and measured against predicted time to learn.

    Args:
        curves: label → (passes, NLL of learners (learner, pass), predicted NLL (pass)).
        measured: label → (predicted steps, measured steps over learners) at several sizes.
        threshold: the NLL that counts as learned.
    """
    with sheet(title, 7.0, 3.2, 1, 2, size=10) as (figure, grid):
        left, right = grid.flat
        for (label, (passes, values, predicted)), color in zip(
            curves.items(), SERIES, strict=False
        ):
            left.plot(passes, values.T, color=color, linewidth=0.5, alpha=0.4)
            left.plot(passes, values.mean(axis=0), color=color, linewidth=2.2, alpha=0.5)
            left.plot(passes, predicted, color=color, linewidth=1.2, linestyle="--", label=label)
        left.axhline(threshold, color=NEUTRAL, linewidth=0.8, linestyle=":")
        left.set(
            xscale="log",
            yscale="log",
            xlabel="passes over the corpus",
            ylabel="training NLL (nats)",
            title="trained (solid) and closed form (dashed)",
        )
        left.legend(title="learning rate η")
        ends = [p for points in measured.values() for p, _ in points]
        line = np.array([min(ends) / 1.5, max(ends) * 1.5])
        right.plot(line, line, color=NEUTRAL, linewidth=1, linestyle="--", label="prediction")
        for (label, points), color, marker in zip(measured.items(), SERIES, MARKERS, strict=False):
            look = {"color": color, "marker": marker, "ls": "none", "ms": 5}
            draw_means(right, points, upright=True, label=label, **look)
        right.set(
            xscale="log",
            yscale="log",
            xlabel="predicted steps, N τ(ε, M)/η",
            ylabel="measured steps",
            title=f"steps until NLL = {threshold:g}",
        )
        right.legend()
    return figure

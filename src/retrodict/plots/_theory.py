"""Plots of theory: loss paths, the phase diagram, times to learn, and indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np
from jaxtyping import Float

from retrodict.measures import Interval
from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Figure, drawing
from retrodict.plots._effects import draw_dots
from retrodict.plots._style import (
    MARKERS,
    NEUTRAL,
    SERIES,
    TRAINING,
    VALIDATION,
    draw_means,
    legend_below,
    new_figure,
)


def plot_phase(
    dimensions: Sequence[int],
    pairs: Sequence[int],
    shift: Float[np.ndarray, "pairs dimension"],
    memorised: Float[np.ndarray, "pairs dimension"],
    title: str,
) -> Figure:
    """Draw the reverse loss's distance from a uniform guess over dimension and pairs.

    Args:
        dimensions: d, the columns.
        pairs: n, the rows.
        shift: mean of L_rev − ln m, in nats; colour saturates at ±2.
        memorised: share of draws whose training set is memorised; cells below 1 are hatched.
        title: over the axes.
    """
    limit = 2.0
    with drawing():
        from matplotlib.patches import Rectangle

        figure = new_figure(6.4, 3.6)
        axes = figure.subplots()
        image = axes.imshow(
            np.clip(shift, -limit, limit),
            cmap="RdBu_r",
            vmin=-limit,
            vmax=limit,
            origin="lower",
            aspect="auto",
        )
        for i, j in np.ndindex(shift.shape):
            if memorised[i, j] < 1:
                box = Rectangle(
                    (j - 0.5, i - 0.5), 1, 1, fill=False, hatch="////", edgecolor=NEUTRAL, lw=0
                )
                axes.add_patch(box)
            dark = abs(shift[i, j]) > 0.75 * limit
            axes.text(
                j,
                i,
                f"{shift[i, j] + 0.0:+.2f}".replace("-", "−").replace("−0.00", "+0.00"),
                ha="center",
                va="center",
                fontsize=6.5,
                color="white" if dark else "black",
                bbox=None
                if memorised[i, j] == 1
                else {"fc": "white", "ec": "none", "pad": 0.6} | ({"fc": "0.35"} if dark else {}),
            )
        axes.set_xticks(range(len(dimensions)), [f"{d:,}".replace(",", " ") for d in dimensions])
        axes.set_yticks(range(len(pairs)), [str(n) for n in pairs])
        axes.set(title=title, xlabel="embedding dimension d", ylabel="pairs n")
        axes.spines[["top", "right"]].set_visible(True)
        figure.colorbar(image, ax=axes, extend="both", label="L_rev − ln m (nats)")
    return figure


def plot_paths(
    times: Float[np.ndarray, " time"],
    panels: Mapping[str, tuple[Float[np.ndarray, "draw time"], Float[np.ndarray, "draw time"]]],
    guess: float,
    title: str,
) -> Figure:
    """Draw training loss and reverse loss over time, one panel per model.

    Args:
        times: t, log-spaced.
        panels: the panel's title → (training loss, reverse loss), each (draw, time) in nats.
        guess: a uniform guess, ln m.
        title: over the figure.
    """
    with drawing():
        figure = new_figure(2.0 * len(panels) + 0.5, 2.7)
        grid = figure.subplots(1, len(panels), sharey=True, sharex=True, squeeze=False)[0]
        for axes, (name, (training, reverse)) in zip(grid, panels.items(), strict=True):
            for values, color, label in (
                (reverse, VALIDATION, "held-out direction"),
                (training, TRAINING, "training"),
            ):
                draw_learners(axes, times, values, color, label)
            axes.axhline(guess, color=NEUTRAL, linestyle="--", linewidth=1, label="uniform guess")
            axes.set(xscale="log", title=name, xlabel="time t")
            axes.set_ylim(0, 2.2 * guess)
        grid[0].set_ylabel("loss (nats)")
        legend_below(figure, grid[0])
        figure.suptitle(title, fontsize=10)
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
        title: over the figure.
    """
    with drawing():
        figure = new_figure(7.0, 3.2)
        left, right = figure.subplots(1, 2)
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
        figure.suptitle(title, fontsize=10)
    return figure


def plot_indices(
    rows: Mapping[str, Mapping[str, Interval]],
    names: Mapping[str, str],
    title: str,
    xlabel: str = "share of the trained association that the other direction lacks",
    ends: Mapping[float, str] = MappingProxyType({0.0: "none missing", 1.0: "all missing"}),
) -> Figure:
    """Draw indices with their intervals, one row per index, one marker per model.

    Args:
        rows: model → index name → interval over learners.
        names: index name → its label, in order from top to bottom.
        title: over the figure.
        xlabel: what is drawn.
        ends: values that mean something, marked with these words.
    """
    with drawing():
        figure = new_figure(6.4, (0.62 if len(names) < 6 else 0.4) * len(names) + 1.7)
        axes = figure.subplots()
        places = {
            model: {i: found[name] for i, name in enumerate(names) if name in found}
            for model, found in rows.items()
        }
        draw_dots(axes, places)
        for end, text in ends.items():
            axes.axvline(end, color=NEUTRAL, linewidth=0.8, linestyle=":")
            axes.annotate(text, (end, -0.62), ha="center", fontsize=7, color=NEUTRAL)
        axes.set_yticks(range(len(names)), list(names.values()))
        axes.set_ylim(len(names) - 0.5, -0.75)
        axes.set(xlabel=xlabel)
        legend_below(figure, axes, columns=2)
        figure.suptitle(title, fontsize=10)
    return figure

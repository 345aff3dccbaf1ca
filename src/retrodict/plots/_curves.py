"""Negative log-probability over epochs: training against validation, with both baselines."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from retrodict.measures import answer_tokens, band
from retrodict.plots._drawing import Axes, Figure, drawing
from retrodict.plots._style import (
    TRAINING,
    VALIDATION,
    draw_level,
    legend_below,
    new_figure,
    sheet,
)
from retrodict.trace import Trace


def plot_nll(
    trace: Trace, title: str, training: str, validation: str, theory: Trace | None = None
) -> Figure:
    """Draw the training NLL as recorded (dropout on) and the validation NLL.

    Thick lines are means over learners, bands their 95 % t-intervals, thin lines the learners.
    Dashed: a uniform guess over all tokens; dotted: over the alphabet of the answer.
    `theory`, the prediction of the same experiment, is drawn over it in black.
    """
    with drawing():
        figure = new_figure(5.4, 3.5)
        axes = figure.subplots()
        epochs = trace.curves["epoch"].values
        draw_learners(axes, epochs, trace.held_out()["nll"].values, VALIDATION, validation)
        draw_learners(axes, epochs, trace.curves["training_loss"].values, TRAINING, training)
        if theory is not None:
            _overlay(axes, theory)
        uniform, alphabet = guesses(trace)
        draw_level(axes, uniform, f"uniform over all tokens, {uniform:.2f}")
        draw_level(axes, alphabet, f"uniform over the alphabet, {alphabet:.2f}", ":")
        axes.set(title=title, xlabel="epoch", ylabel="negative log-probability (nats)")
        axes.set_xlim(0, max(epochs[-1], 1))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    return figure


def plot_panels(
    traces: Mapping[str, Trace],
    title: str,
    columns: int = 0,
    theory: Mapping[str, Trace] | None = None,
    whole_answer: bool = False,
) -> Figure:
    """Draw training and held-out NLL, one panel per experiment, with both baselines.

    The numbers at the right of a panel are the last means. Where an answer has several tokens and
    only the first is drawn, a dashed line gives the whole answer.

    Args:
        traces: the panel's title → the trained trace.
        columns: panels per row; by default all are in one row.
        theory: the same keys → the predicted trace, drawn in black.
        whole_answer: draw the NLL of the whole answer in place of its first token's.
    """
    columns = columns or len(traces)
    rows = -(-len(traces) // columns)
    size = max(2.35 * columns, 6.2), 2.1 * rows + 0.9, rows, columns
    look: Any = {"count": len(traces), "sharey": "row", "ylabel": "NLL (nats)"}
    with sheet(title, *size, legend=min(max(columns, 2), 4), **look) as (figure, grid):
        for axes, (name, trace) in zip(grid.flat, traces.items(), strict=False):
            draw_panel(axes, trace, whole_answer)
            if theory is not None:
                _overlay(axes, theory[name])
            axes.set(title=name, xlabel="epoch")
        for axes in grid[:, 0]:
            axes.set_ylim(bottom=0)  # the panels of a row share it
    return figure


def plot_probability(trace: Trace, title: str, groups: Mapping[str, str]) -> Figure:
    """Draw the probability of the right token, exp(−NLL), over epochs.

    `groups` are the labels of curves, by group.
    """
    with drawing():
        figure = new_figure(5.4, 3.2)
        axes = figure.subplots()
        epochs = trace.curves["epoch"].values
        for group, label in groups.items():
            held_out = trace.roles[group] == "held_out"
            probability = np.exp(-trace.curves["nll"].sel(group=group).values)
            color = VALIDATION if held_out else TRAINING
            draw_learners(axes, epochs, probability, color, label)
            axes.lines[-1].set_linestyle("--" if held_out else "-")  # they may coincide
        uniform, alphabet = np.exp(np.negative(guesses(trace)))
        draw_level(axes, uniform, "uniform over all tokens")
        draw_level(axes, alphabet, "uniform over the alphabet", ":")
        axes.set(title=title, xlabel="epoch", ylabel="probability of the last token")
        axes.set_xlim(0, max(epochs[-1], 1))
        axes.set_ylim(0, 1.03)
        legend_below(figure, columns=2)
    return figure


def draw_panel(axes: Axes, trace: Trace, whole_answer: bool = False) -> None:
    """Draw one experiment: learners, means and bands, baselines, and the last numbers.

    The NLL of a whole answer is a sum over its tokens, and so is its uniform guess; training loss
    is the mean over tokens.
    """
    held_out = trace.held_out()
    epochs = trace.curves["epoch"].values
    asked = held_out["entity_nll" if whole_answer else "nll"]
    curves = (
        (asked, VALIDATION, "held-out, whole answer" if whole_answer else "held-out questions"),
        (trace.curves["training_loss"], TRAINING, "training (dropout on, per token)"),
    )
    lasts = [float(values.isel(epoch=-1).mean("learner")) for values, _, _ in curves]
    close = abs(lasts[0] - lasts[1]) < 0.07 * float(np.nanmax(asked.values))
    for (values, color, label), last, apart in zip(curves, lasts, ("bottom", "top"), strict=True):
        draw_learners(axes, epochs, values.values, color, label)
        axes.annotate(
            f"{last:.2f}",
            (1.01, last),
            xycoords=("axes fraction", "data"),
            color=color,
            fontsize=8,
            fontweight="bold",
            va=apart if close else "center",
        )
    whole = held_out["entity_nll"]
    if not whole_answer and not np.allclose(whole, held_out["nll"], equal_nan=True):
        _, mean, _ = band(whole.values)
        axes.plot(epochs, mean, color=VALIDATION, ls="--", label="the same, whole answer (sum)")
    uniform, alphabet = guesses(trace)
    tokens = answer_tokens(trace) if whole_answer else 1
    draw_level(axes, tokens * uniform, "uniform over all tokens")
    if tokens == 1:  # the alphabet is that of the first token
        draw_level(axes, alphabet, "uniform over the alphabet", ":")
    axes.set_xlim(0, max(epochs[-1], 1))


def guesses(trace: Trace) -> tuple[float, float]:
    """Return a uniform guess's NLL over all tokens, and over the held-out answers' alphabet."""
    return float(trace.attrs["uniform_nll"]), float(trace.held_out()["alphabet_nll"])


def draw_learners(
    axes: Axes, epochs: np.ndarray, values: np.ndarray, color: str, label: str
) -> None:
    """Draw a curve over (learner, epoch): learners thin, their mean thick, its interval a band."""
    seen = np.isfinite(values).any(axis=0)
    epochs, values = epochs[seen], values[:, seen]
    low, mean, high = band(values)
    axes.plot(epochs, values.T, color=color, linewidth=0.4, alpha=0.35)
    axes.fill_between(epochs, low, high, color=color, alpha=0.25, linewidth=0)
    axes.plot(epochs, mean, color=color, linewidth=1.8, label=label)


def _overlay(axes: Axes, theory: Trace) -> None:
    """Draw a prediction's means over learners as thin black lines."""
    curves = {"theory": theory.held_out()["nll"], None: theory.curves["training_loss"]}
    for label, curve in curves.items():
        mean = curve.mean("learner", skipna=False).dropna("epoch")
        axes.plot(mean["epoch"], mean, color="black", lw=1.0, ls=(0, (4, 2)), label=label)

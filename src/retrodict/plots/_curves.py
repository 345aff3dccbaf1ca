"""Negative log-probability over epochs: training against validation, with both baselines."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retrodict.measures import band
from retrodict.plots._style import NEUTRAL, RC, TRAINING, VALIDATION, legend_below, new_figure
from retrodict.trace import Trace


def plot_nll(
    trace: Trace, title: str, training: str, validation: str, theory: Trace | None = None
) -> Figure:
    """Draw the training NLL as recorded (dropout on) and the validation NLL.

    Thick lines are means over learners, bands their 95 % t-intervals, thin lines the learners.
    Dashed: a uniform guess over all tokens; dotted: over the alphabet of the answer.

    Args:
        trace: of a task with a `validation` group.
        title: over the axes.
        training, validation: what the two curves are called.
        theory: the prediction of the same experiment, drawn over it in black.
    """
    with mpl.rc_context(RC):
        figure = new_figure(5.4, 3.5)
        axes = figure.subplots()
        epochs = trace.curves["epoch"].values
        nll = trace.curves["nll"].sel(group="validation")
        _learners(axes, epochs, nll.values, VALIDATION, validation)
        _learners(axes, epochs, trace.curves["training_loss"].values, TRAINING, training)
        if theory is not None:
            _overlay(axes, theory)
        uniform = float(trace.attrs["uniform_nll"])
        alphabet = float(nll["alphabet_nll"])
        for height, style, text in (
            (uniform, "--", f"uniform over all tokens, {uniform:.2f}"),
            (alphabet, ":", f"uniform over the alphabet, {alphabet:.2f}"),
        ):
            axes.axhline(height, color=NEUTRAL, linestyle=style, linewidth=1, label=text)
        axes.set(title=title, xlabel="epoch", ylabel="negative log-probability (nats)")
        axes.set_xlim(0, max(epochs[-1], 1))
        axes.set_ylim(bottom=0)
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=2)
    return figure


def plot_overlay(
    traces: Mapping[str, Trace], theory: Mapping[str, Trace], title: str, columns: int
) -> Figure:
    """Draw trained and predicted NLL side by side, a panel an experiment.

    Args:
        traces: the panel's title → what training gave.
        theory: the same keys → what was predicted.
        title: over the figure.
        columns: panels a row.
    """
    rows = -(-len(traces) // columns)
    with mpl.rc_context(RC):
        figure = new_figure(3.2 * columns, 2.1 * rows + 0.7)
        grid = figure.subplots(rows, columns, sharex=True, sharey="row", squeeze=False)
        for axes, (name, trace) in zip(grid.flat, traces.items(), strict=True):
            epochs = trace.curves["epoch"].values
            nll = trace.curves["nll"].sel(group="validation")
            _learners(axes, epochs, nll.values, VALIDATION, "held-out questions")
            _learners(axes, epochs, trace.curves["training_loss"].values, TRAINING, "training")
            _overlay(axes, theory[name])
            uniform = float(trace.attrs["uniform_nll"])
            axes.axhline(uniform, color=NEUTRAL, linestyle=":", linewidth=1, label="uniform guess")
            axes.set_title(name)
        for axes in grid[-1]:
            axes.set_xlabel("epoch")
        for axes in grid[:, 0]:
            axes.set(ylabel="NLL (nats)")
            axes.set_ylim(bottom=0)  # the panels of a row share it
        legend_below(figure, grid[0, 0])
        figure.suptitle(title, fontsize=10)
    return figure


def _learners(axes: Axes, epochs: np.ndarray, values: np.ndarray, color: str, label: str) -> None:
    """One bundle: learners thin, their mean thick, its interval a band."""
    seen = np.isfinite(values).any(axis=0)
    epochs, values = epochs[seen], values[:, seen]
    low, mean, high = band(values)
    axes.plot(epochs, values.T, color=color, linewidth=0.4, alpha=0.35)
    axes.fill_between(epochs, low, high, color=color, alpha=0.25, linewidth=0)
    axes.plot(epochs, mean, color=color, linewidth=1.8, label=label)


def _overlay(axes: Axes, theory: Trace) -> None:
    """Draw a prediction's means over learners as thin black lines."""
    for values, label in (
        (theory.curves["nll"].sel(group="validation"), "theory"),
        (theory.curves["training_loss"], None),
    ):
        seen = np.isfinite(values.values).any(axis=0)
        mean = values.values[:, seen].mean(axis=0)
        epochs = theory.curves["epoch"].values[seen]
        axes.plot(epochs, mean, color="black", linewidth=1.0, linestyle=(0, (4, 2)), label=label)

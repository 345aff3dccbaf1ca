"""Negative log-probability over epochs: training against validation, with both baselines."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retrodict.measures import band
from retrodict.plots._style import NEUTRAL, RC, TRAINING, VALIDATION, new_figure
from retrodict.trace import Trace


def plot_nll(trace: Trace, title: str, training: str, validation: str) -> Figure:
    """Draw the training NLL as recorded (dropout on) and the validation NLL.

    Thick lines are means over learners, bands their 95 % t-intervals, thin lines the learners.
    Dashed: a uniform guess over all tokens; dotted: over the alphabet of the answer.

    Args:
        trace: of a task with a `validation` group.
        title: over the axes.
        training, validation: what the two curves are called.
    """
    with mpl.rc_context(RC):
        figure = new_figure(5.4, 3.5)
        axes = figure.subplots()
        epochs = trace.curves["epoch"].values
        nll = trace.curves["nll"].sel(group="validation")
        _learners(axes, epochs, nll.values, VALIDATION, validation)
        _learners(axes, epochs, trace.curves["training_loss"].values, TRAINING, training)
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


def _learners(axes: Axes, epochs: np.ndarray, values: np.ndarray, color: str, label: str) -> None:
    """One bundle: learners thin, their mean thick, its interval a band."""
    seen = np.isfinite(values).any(axis=0)
    epochs, values = epochs[seen], values[:, seen]
    low, mean, high = band(values)
    axes.plot(epochs, values.T, color=color, linewidth=0.4, alpha=0.35)
    axes.fill_between(epochs, low, high, color=color, alpha=0.25, linewidth=0)
    axes.plot(epochs, mean, color=color, linewidth=1.8, label=label)

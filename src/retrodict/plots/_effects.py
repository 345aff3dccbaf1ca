"""Effects: the same experiments with and without one change, at several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from retrodict.measures import Interval
from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Axes, Figure
from retrodict.plots._style import (
    MARKERS,
    NEUTRAL,
    SERIES,
    draw_level,
    draw_means,
    sheet,
)
from retrodict.trace import Trace


def plot_effect(
    rows: Sequence[str],
    panels: Mapping[str, tuple[Mapping[str, Sequence[Interval]], float, str]],
    title: str,
    marks: tuple[str, Sequence[float]] | None = None,
) -> Figure:
    """Draw intervals as dots: one row per setting, one colour per variant, one panel per measure.

    Args:
        rows: names of the settings.
        panels: measure → (variant → one interval per row, a reference value, its name).
        marks: a second reference in the first panel: its name, and its value in each row.
    """
    size = 3.6 * len(panels) + 0.4, 0.42 * len(rows) + 1.8
    with sheet(title, *size, 1, len(panels), legend=0, sharey=True) as (figure, grid):
        for axes, (measure, (variants, reference, name)) in zip(
            grid.flat, panels.items(), strict=True
        ):
            _mark(axes, reference, name, "--")
            draw_rows(axes, rows, variants)
            axes.set(xlabel=measure)
        if marks:
            name, values = marks
            places = range(len(rows))
            grid[0, 0].plot(values, places, color=NEUTRAL, marker="|", ls=":", ms=12, label=name)
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
        xlabel: what is drawn.
        ends: reference values → the words that mark them.
    """
    size = 6.4, (0.62 if len(names) < 6 else 0.4) * len(names) + 1.7
    with sheet(title, *size, size=10, legend=2) as (figure, grid):
        axes = grid[0, 0]
        found = {model: [row.get(name) for name in names] for model, row in rows.items()}
        draw_rows(axes, list(names.values()), found, above=0.75)
        for end, text in ends.items():
            _mark(axes, end, text, ":")
        axes.set(xlabel=xlabel)
    return figure


def _mark(axes: Axes, at: float, text: str, style: str) -> None:
    """Draw a vertical reference line, named above the axes."""
    axes.axvline(at, color=NEUTRAL, linewidth=0.8, linestyle=style)
    place: Any = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points"}
    axes.annotate(text, (at, 1), (0, 2), **place, ha="center", fontsize=7, color=NEUTRAL)


def plot_training(panels: Mapping[str, Mapping[str, Trace]], title: str) -> Figure:
    """Draw training NLL over epochs, one titled panel per setting, one colour per variant."""
    look: Any = {"ylabel": "training NLL (nats)", "legend": 0, "sharey": True}
    with sheet(title, 2.5 * len(panels), 3.0, 1, len(panels), **look) as (figure, grid):
        for axes, (name, variants) in zip(grid.flat, panels.items(), strict=True):
            for (variant, trace), color in zip(variants.items(), SERIES, strict=False):
                loss = trace.curves["training_loss"]
                draw_learners(axes, loss["epoch"].values, loss.values, color, variant)
            uniform = float(trace.attrs["uniform_nll"])
            draw_level(axes, uniform, "uniform guess")
            axes.set(title=name, xlabel="epoch")
            axes.set_ylim(0, 1.5 * uniform)
    return figure


def draw_rows(
    axes: Axes,
    labels: Sequence[str],
    variants: Mapping[str, Sequence[Interval | None]],
    above: float = 0.5,
    **look: Any,
) -> None:
    """Draw intervals, one per row and variant, as dots with bars; None is left out.

    A variant has a colour and a marker. `above` the first row there is room.
    """
    series = zip(variants.items(), SERIES, MARKERS, strict=False)
    for k, ((variant, found), color, marker) in enumerate(series):
        shift = 0.16 * (k - (len(variants) - 1) / 2)
        points = [(row + shift, interval) for row, interval in enumerate(found) if interval]
        bars = {"color": color, "marker": marker, "ls": "none", "ms": 6, **look}
        draw_means(axes, points, upright=False, label=variant, **bars)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -above)

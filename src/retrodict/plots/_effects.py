"""Effects: the same experiments with and without one change, at several settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from retrodict.measures import Interval
from retrodict.plots._curves import draw_learners
from retrodict.plots._drawing import Axes, Figure, drawing
from retrodict.plots._style import MARKERS, NEUTRAL, SERIES, draw_means, legend_below, new_figure
from retrodict.trace import Trace


def plot_effect(
    rows: Sequence[str],
    panels: Mapping[str, tuple[Mapping[str, Sequence[Interval]], float, str]],
    title: str,
    marks: tuple[str, Sequence[float]] | None = None,
) -> Figure:
    """Draw intervals as dots: one row per setting, one colour per variant, one panel per measure.

    Args:
        rows: the settings, from top to bottom.
        panels: measure → (variant → one interval per row, a reference value, its name).
        title: over the figure.
        marks: a second reference in the first panel: its name, its value in each row.
    """
    with drawing():
        figure = new_figure(3.6 * len(panels) + 0.4, 0.42 * len(rows) + 1.8)
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (measure, (variants, reference, name)) in zip(grid, panels.items(), strict=True):
            axes.axvline(reference, color=NEUTRAL, linewidth=1, linestyle="--")
            axes.annotate(
                name,
                (reference, 1),
                (3, 2),
                xycoords=("data", "axes fraction"),
                textcoords="offset points",
                fontsize=7,
                color=NEUTRAL,
            )
            draw_dots(axes, {name: dict(enumerate(found)) for name, found in variants.items()})
            axes.set(xlabel=measure)
        if marks:
            name, values = marks
            places = range(len(rows))
            grid[0].plot(values, places, color=NEUTRAL, marker="|", ls=":", ms=12, label=name)
        grid[0].set_yticks(range(len(rows)), rows)
        grid[0].set_ylim(len(rows) - 0.5, -0.5)
        legend_below(figure, grid[0])
        figure.suptitle(title, fontsize=11)
    return figure


def plot_training(panels: Mapping[str, Mapping[str, Trace]], title: str) -> Figure:
    """Draw training NLL over epochs, one panel per setting, one colour per variant.

    Args:
        panels: the panel's title → variant → trace.
        title: over the figure.
    """
    with drawing():
        figure = new_figure(2.5 * len(panels), 3.0)
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (name, variants) in zip(grid, panels.items(), strict=True):
            for (variant, trace), color in zip(variants.items(), SERIES, strict=False):
                loss = trace.curves["training_loss"]
                draw_learners(axes, loss["epoch"].values, loss.values, color, variant)
            uniform = float(trace.attrs["uniform_nll"])
            axes.axhline(uniform, color=NEUTRAL, linestyle="--", linewidth=1, label="uniform guess")
            axes.set(title=name, xlabel="epoch")
            axes.set_ylim(0, 1.5 * uniform)
        grid[0].set_ylabel("training NLL (nats)")
        legend_below(figure, grid[0])
        figure.suptitle(title, fontsize=11)
    return figure


def draw_dots(axes: Axes, variants: Mapping[str, Mapping[int, Interval]]) -> None:
    """Draw intervals as dots with bars; each variant has a colour and a marker.

    Args:
        axes: where.
        variants: the variant's name → row → interval.
    """
    series = zip(variants.items(), SERIES, MARKERS, strict=False)
    for k, ((variant, found), color, marker) in enumerate(series):
        shift = 0.16 * (k - (len(variants) - 1) / 2)
        points = [(row + shift, interval) for row, interval in found.items()]
        look = {"color": color, "marker": marker, "ls": "none", "ms": 6}
        draw_means(axes, points, upright=False, label=variant, **look)

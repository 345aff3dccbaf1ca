"""Final NLL of several runs against what differs between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrodict.experiment import distinguishing_settings, flow, short_names
from retrodict.measures import Interval, held_out_values, over_learners
from retrodict.plots._drawing import Axes, Figure, drawing
from retrodict.plots._style import (
    NEUTRAL,
    TRAINING,
    VALIDATION,
    draw_means,
    legend_below,
    new_figure,
)
from retrodict.trace import Trace

_SERIES = (("validation", VALIDATION, "s"), ("training", TRAINING, "o"))
_BASELINES = (
    ("uniform", "--", "uniform over all tokens"),
    ("alphabet", ":", "uniform over the alphabet"),
)
_BARS = {"markersize": 4.5, "capsize": 2.5}
_MOST_PANELS = 8
_LOG_FROM = 20  # a ratio of largest to smallest value


@dataclass(frozen=True)
class _End:
    """How one run ended, in nats: two means with intervals and two baselines."""

    training: Interval
    validation: Interval | None
    uniform: float
    alphabet: float


def plot_comparison(
    traces: Mapping[str, Trace], settings: Mapping[str, Mapping[str, Any]], title: str
) -> Figure:
    """Draw the NLL at the last epoch of several runs: means over learners, 95 % t-intervals.

    If one setting, a number, tells the runs apart, it is the x axis; if there are two and one is a
    number, the other one's values are panels. Otherwise each run has a row. Training is as
    recorded (dropout on); dashed: a uniform guess over all tokens; dotted: over the alphabet.

    Args:
        traces: run → how it went; held-out questions may be missing.
        settings: run → what differs between the runs.
        title: over the figure.
    """
    ends = {name: _end(trace) for name, trace in traces.items()}
    values = {name: settings[name] for name in traces}
    keys = distinguishing_settings(list(values.values()))
    names = short_names(keys)
    x, other = _roles(keys, list(values.values()))
    with drawing():
        if x is None:
            return _rows(ends, _labels(values, names), title)
        panels: dict[str, list[tuple[float, _End]]] = {}
        for name in sorted(values, key=lambda name: _order(values[name].get(other or ""))):
            panel = f"{names[other]} = {flow(values[name][other])}" if other else ""
            panels.setdefault(panel, []).append((float(values[name][x]), ends[name]))
        return _panels(panels, names[x], title)


def _end(trace: Trace) -> _End:
    asked = "held_out" in trace.roles.values()
    return _End(
        training=over_learners(trace.curves["training_loss"].isel(epoch=-1).values),
        validation=over_learners(held_out_values(trace, "nll")) if asked else None,
        uniform=float(trace.attrs["uniform_nll"]),
        alphabet=float(trace.held_out()["alphabet_nll"]),
    )


def _roles(
    keys: Sequence[str], settings: Sequence[Mapping[str, Any]]
) -> tuple[str | None, str | None]:
    """Choose the setting that is the x axis and the one that makes panels, if this can be drawn."""
    count = {key: len({flow(each.get(key)) for each in settings}) for key in keys}
    numbers = [key for key in keys if all(_is_number(each.get(key)) for each in settings)]
    if not numbers or len(keys) > 2:
        return None, None
    x = max(numbers, key=lambda key: count[key])
    rest = [key for key in keys if key != x]
    if not rest:
        return x, None
    complete = all(rest[0] in each for each in settings) and count[rest[0]] <= _MOST_PANELS
    return (x, rest[0]) if complete else (None, None)


def _panels(panels: Mapping[str, list[tuple[float, _End]]], name: str, title: str) -> Figure:
    """A panel a value of the second setting, the first one along x."""
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    width = 5.4 if columns == 1 else 2.3 * columns + 0.6
    figure = new_figure(width, 3.5 if len(panels) == 1 else 2.3 * rows + 1.0)
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    xs = sorted({x for points in panels.values() for x, _ in points})
    for axes, (panel, points) in zip(grid.flat, panels.items(), strict=False):
        _curves(axes, sorted(points, key=lambda point: point[0]))
        axes.set_title(panel)
    for axes in grid.flat[len(panels) :]:
        axes.set_visible(False)
    for axes in grid.flat[max(len(panels) - columns, 0) : len(panels)]:
        axes.tick_params(labelbottom=True)
        axes.set_xlabel(name)
    for axes in grid[:, 0]:
        axes.set_ylabel("final NLL (nats)")
    _scale(grid[0, 0], xs)
    grid[0, 0].set_ylim(bottom=-0.02 * grid[0, 0].get_ylim()[1])  # a point at 0 stays whole
    legend_below(figure, grid[0, 0], columns=2 if columns < 3 else 4)
    figure.suptitle(title, fontsize=10)
    return figure


def _curves(axes: Axes, points: Sequence[tuple[float, _End]]) -> None:
    """Means with intervals, and both baselines, along x."""
    x = [value for value, _ in points]
    for which, line, label in _BASELINES:
        heights = [getattr(end, which) for _, end in points]
        if len(set(heights)) == 1:
            axes.axhline(heights[0], color=NEUTRAL, linestyle=line, linewidth=1, label=label)
        else:
            axes.plot(x, heights, color=NEUTRAL, linestyle=line, linewidth=1, label=label)
    for which, color, marker in _SERIES:
        found = [(value, getattr(end, which)) for value, end in points if getattr(end, which)]
        look = {"color": color, "marker": marker, "linewidth": 1.2}
        draw_means(axes, found, upright=True, label=which, **look, **_BARS)


def _scale(axes: Axes, xs: Sequence[float]) -> None:
    """Scale the x axis to the values that are there, and put its ticks at them if they are few."""
    if xs[0] > 0 and xs[-1] / xs[0] > _LOG_FROM:
        axes.set_xscale("log")
    if len(xs) <= 7:
        axes.set_xticks(xs, [f"{x:g}" for x in xs])
        axes.minorticks_off()


def _rows(ends: Mapping[str, _End], labels: Sequence[str], title: str) -> Figure:
    """A row a run: points with intervals, and both baselines as short lines."""
    width = 3.8 + 0.065 * max(map(len, labels))
    figure = new_figure(width, 0.25 * len(ends) + 1.6)
    axes = figure.subplots()
    for i, end in enumerate(ends.values()):
        for which, line, label in _BASELINES:
            x, shown = getattr(end, which), "" if i else label  # once in the legend
            axes.plot([x, x], [i - 0.38, i + 0.38], color=NEUTRAL, ls=line, lw=1.2, label=shown)
    for (which, color, marker), shift in zip(_SERIES, (0.1, -0.1), strict=True):
        found = [(i + shift, getattr(end, which)) for i, end in enumerate(ends.values())]
        found = [(place, interval) for place, interval in found if interval]
        look = {"color": color, "marker": marker, "linestyle": "none", "elinewidth": 1.2}
        draw_means(axes, found, upright=False, label=which, **look, **_BARS)
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.set_xlim(left=-0.02 * axes.get_xlim()[1])  # a point at 0 stays whole
    axes.grid(axis="y", linewidth=0.3)
    axes.set_axisbelow(True)
    axes.set_xlabel("final NLL (nats)")
    legend_below(figure, axes, columns=2)
    figure.suptitle(title, fontsize=10)
    return figure


def _labels(settings: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Name runs by the settings that tell them apart, and by their names where those do not."""
    labels = [
        _cut(", ".join(_said(names[key], values[key]) for key in names if key in values))
        for values in settings.values()
    ]
    return [
        label if label and labels.count(label) == 1 else f"{label} {run}".strip()
        for label, run in zip(labels, settings, strict=True)
    ]


def _said(name: str, value: Any) -> str:
    """Write a setting; a value that is a word, like `rotary`, needs no key."""
    return value if isinstance(value, str) else f"{name}={flow(value)}"


def _cut(text: str, most: int = 64) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(value: Any) -> tuple[bool, float]:
    """Sort numbers by size and put them first; other values keep their order."""
    return (False, float(value)) if _is_number(value) else (True, 0.0)

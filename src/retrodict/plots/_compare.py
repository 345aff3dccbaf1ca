"""Plot the final NLL of several runs against the settings that differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from retrodict.experiment import distinguishing_settings, flow, short_names
from retrodict.measures import Interval, at_end, held_out_values, over_learners
from retrodict.plots._curves import guesses
from retrodict.plots._drawing import Axes, Figure
from retrodict.plots._effects import draw_rows
from retrodict.plots._style import (
    NEUTRAL,
    TRAINING,
    VALIDATION,
    draw_level,
    draw_means,
    sheet,
)
from retrodict.trace import Trace

_NLL = "final NLL (nats)"
_BARS = {"ms": 4.5, "capsize": 2.5}
_SERIES = {"validation": (VALIDATION, "s"), "training": (TRAINING, "o")}
_BASELINES = {"uniform over all tokens": "--", "uniform over the alphabet": ":"}
_MOST_PANELS = 8
_MOST_LETTERS = 64  # of a row's label
_LOG_FROM = 20  # a ratio of largest to smallest value


@dataclass(frozen=True)
class _End:
    """How one run ended, in nats: means of `_SERIES`, as far as they exist, and `_BASELINES`."""

    means: Mapping[str, Interval]
    baselines: Mapping[str, float]


def plot_comparison(
    traces: Mapping[str, Trace], settings: Mapping[str, Mapping[str, Any]], title: str
) -> Figure:
    """Draw the last epoch's NLL of several runs: means over learners with 95 % t-intervals.

    If the runs differ in one numeric setting, it is the x axis. If they differ in two and one is
    numeric, the other one's values are panels. Otherwise each run has a row. Training is as
    recorded (dropout on); dashed: a uniform guess over all tokens; dotted: over the alphabet.

    Args:
        traces: by run; held-out questions may be missing.
        settings: the settings that differ, by run.
    """
    ends = {name: _end(trace) for name, trace in traces.items()}
    values = {name: settings[name] for name in traces}
    keys = distinguishing_settings(list(values.values()))
    names = short_names(keys)
    x, other = _roles(keys, list(values.values()))
    if x is None:
        return _rows(ends, _labels(values, names), title)
    panels: dict[str, list[tuple[float, _End]]] = {}
    for name in sorted(values, key=lambda name: _order(values[name].get(other or ""))):
        panel = f"{names[other]} = {flow(values[name][other])}" if other else ""
        panels.setdefault(panel, []).append((float(values[name][x]), ends[name]))
    return _panels(panels, names[x], title)


def _end(trace: Trace) -> _End:
    means = {"training": over_learners(at_end(trace.curves["training_loss"]))}
    if "held_out" in trace.roles.values():
        means["validation"] = over_learners(held_out_values(trace, "nll"))
    return _End(means, dict(zip(_BASELINES, guesses(trace), strict=True)))


def _roles(
    keys: Sequence[str], settings: Sequence[Mapping[str, Any]]
) -> tuple[str | None, str | None]:
    """Choose the settings for the x axis and the panels; None if there must be rows."""
    count = {key: len({flow(each.get(key)) for each in settings}) for key in keys}
    numbers = [key for key in keys if all(_is_number(each.get(key)) for each in settings)]
    if not numbers or len(keys) > 2:
        return None, None
    x = max(numbers, key=lambda key: count[key])
    other = next((key for key in keys if key != x), None)
    if other and (count[other] > _MOST_PANELS or any(other not in each for each in settings)):
        return None, None
    return x, other


def _panels(panels: Mapping[str, list[tuple[float, _End]]], name: str, title: str) -> Figure:
    """Draw one panel per value of the second setting, the first one along x."""
    columns = min(len(panels), 4)
    rows = -(-len(panels) // columns)
    width = 5.4 if columns == 1 else 2.3 * columns + 0.6
    height = 3.5 if len(panels) == 1 else 2.3 * rows + 1.0
    look: Any = {"count": len(panels), "size": 10, "ylabel": _NLL, "sharex": True, "sharey": True}
    legend = 2 if columns < 3 else 4
    with sheet(title, width, height, rows, columns, legend=legend, **look) as (figure, grid):
        for axes, (panel, points) in zip(grid.flat, panels.items(), strict=False):
            _curves(axes, sorted(points, key=lambda point: point[0]))
            axes.set_title(panel)
        for axes in grid.flat[max(len(panels) - columns, 0) : len(panels)]:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(name)
        first = grid[0, 0]
        _scale(first, sorted({x for points in panels.values() for x, _ in points}))
        first.set_ylim(bottom=-0.02 * first.get_ylim()[1])  # a point at 0 stays whole
    return figure


def _curves(axes: Axes, points: Sequence[tuple[float, _End]]) -> None:
    """Draw means with intervals, and both baselines, along x."""
    for label, line in _BASELINES.items():
        heights = [end.baselines[label] for _, end in points]
        if len(set(heights)) == 1:
            draw_level(axes, heights[0], label, line)
        else:
            x = [value for value, _ in points]
            axes.plot(x, heights, color=NEUTRAL, linestyle=line, linewidth=1, label=label)
    for series, (color, marker) in _SERIES.items():
        found = [(value, end.means[series]) for value, end in points if series in end.means]
        look = {"color": color, "marker": marker, "linewidth": 1.2, **_BARS}
        draw_means(axes, found, upright=True, label=series, **look)


def _scale(axes: Axes, xs: Sequence[float]) -> None:
    """Scale the x axis to the values that are there, and put its ticks at them if they are few."""
    if xs[0] > 0 and xs[-1] / xs[0] > _LOG_FROM:
        axes.set_xscale("log")
    if len(xs) <= 7:
        axes.set_xticks(xs, [f"{x:g}" for x in xs])
        axes.minorticks_off()


def _rows(ends: Mapping[str, _End], labels: Sequence[str], title: str) -> Figure:
    """Draw one row per run: points with intervals, and both baselines as short lines."""
    size = 3.8 + 0.065 * max(map(len, labels)), 0.25 * len(ends) + 1.6
    with sheet(title, *size, size=10, legend=2) as (figure, grid):
        axes = grid[0, 0]
        for i, end in enumerate(ends.values()):
            for label, line in _BASELINES.items():
                x, shown = end.baselines[label], "" if i else label  # once in the legend
                axes.plot([x, x], [i - 0.38, i + 0.38], color=NEUTRAL, ls=line, lw=1.2, label=shown)
        series = "training", "validation"  # in the order of colours
        found = {name: [end.means.get(name) for end in ends.values()] for name in series}
        draw_rows(axes, labels, found, elinewidth=1.2, **_BARS)
        axes.set_xlim(left=-0.02 * axes.get_xlim()[1])  # a point at 0 stays whole
        axes.grid(axis="y", linewidth=0.3)
        axes.set_axisbelow(True)
        axes.set_xlabel(_NLL)
    return figure


def _labels(settings: Mapping[str, Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Name runs by the settings that tell them apart, and by their names where those do not."""
    labels = []
    for values in settings.values():
        label = ", ".join(_said(names[key], values[key]) for key in names if key in values)
        fits = len(label) <= _MOST_LETTERS
        labels.append(label if fits else label[: _MOST_LETTERS - 1] + "…")
    return [
        label if label and labels.count(label) == 1 else f"{label} {run}".strip()
        for label, run in zip(labels, settings, strict=True)
    ]


def _said(name: str, value: Any) -> str:
    """Write a setting; a value that is a word, like `rotary`, needs no key."""
    return value if isinstance(value, str) else f"{name}={flow(value)}"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _order(value: Any) -> tuple[bool, float]:
    """Sort numbers by size and put them first; other values keep their order."""
    return (False, float(value)) if _is_number(value) else (True, 0.0)

"""The roofline: how close a computation comes to the machine's two limits."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from retrodict.plots._drawing import Axes, Figure
from retrodict.plots._style import MARKERS, NEUTRAL, SERIES, sheet

_COLUMNS = 3


@dataclass(frozen=True)
class Roofline:
    """One panel.

    Attributes:
        points: label → (operations per byte, achieved operations per second) of each computation.
        marks: text → the operations per byte at which it is written.
        operations, bandwidth: the machine's limits, operations and bytes per second.
    """

    points: Mapping[str, Sequence[tuple[float, float]]]
    marks: Mapping[str, float]
    operations: float
    bandwidth: float


def plot_roofline(panels: Mapping[str, Roofline], title: str) -> Figure:
    """Draw achieved operations per second against operations per byte, under the machine's limits.

    Panels have titles, and up to three are in a row.
    """
    columns = min(len(panels), _COLUMNS)
    rows = -(-len(panels) // columns)
    points = np.array(
        [point for panel in panels.values() for part in panel.points.values() for point in part]
    )
    x = [*points[:, 0], *(panel.operations / panel.bandwidth for panel in panels.values())]
    most = max(panel.operations for panel in panels.values())
    lowest = points[:, 1].min() / 12e9  # room for the marks; above, for the limits' numbers
    size = 3.4 * columns + 0.4, 3.8 * rows + 0.3
    ylabel = "needed operations / time (GFLOP/s)"
    look: Any = {"count": len(panels), "size": 10, "sharex": True, "sharey": True}
    with sheet(title, *size, rows, columns, ylabel=ylabel, **look) as (figure, grid):
        for axes, (name, panel) in zip(grid.flat, panels.items(), strict=False):
            axes.set(
                xscale="log",
                yscale="log",
                xlim=(min(x) / 2, max(x) * 2),
                ylim=(lowest, 2.5e-9 * most),
                title=name,
                xlabel="needed operations per byte",
            )
            _panel(axes, panel)
    return figure


def _panel(axes: Axes, panel: Roofline) -> None:
    _roofs(axes, np.geomspace(*axes.get_xlim(), 100), panel.operations / 1e9, panel.bandwidth / 1e9)
    looks = zip(SERIES, MARKERS, strict=True)
    for (label, points), (color, marker) in zip(panel.points.items(), looks, strict=False):
        at, achieved = np.transpose(points)
        axes.plot(at, achieved / 1e9, color=color, marker=marker, ls="none", ms=6, label=label)
    for mark, at in panel.marks.items():
        axes.axvline(at, color=NEUTRAL, linewidth=0.5, linestyle=":", zorder=0)
        axes.annotate(
            mark,
            (at, 0.02),
            xycoords=("data", "axes fraction"),
            rotation=90,
            ha="right",
            va="bottom",
            fontsize=7,
            color=NEUTRAL,
        )
    from matplotlib.ticker import FuncFormatter, NullFormatter

    plain = FuncFormatter(lambda value, _: f"{value:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.tick_params(labelbottom=True)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2)


def _roofs(axes: Axes, x: np.ndarray, operations: float, bandwidth: float) -> None:
    """Draw both limits, and the floor: products and bytes one after the other."""
    axes.plot(x, np.minimum(operations, bandwidth * x), color="black", linewidth=1.4)
    both = 1 / (1 / operations + 1 / (bandwidth * x))
    axes.plot(x, both, color=NEUTRAL, linewidth=1, linestyle="--", label="floor: products + bytes")
    axes.text(x[-1], operations * 1.1, f"{operations:.0f} GFLOP/s", ha="right", va="bottom", size=7)
    axes.text(
        x[0] * 1.1,
        bandwidth * x[0] * 1.25,
        f"{bandwidth:.0f} GB/s",
        rotation=math.degrees(math.atan(bandwidth)),  # the roof's slope, in the data's units
        rotation_mode="anchor",
        transform_rotates_text=True,
        va="bottom",
        size=7,
    )

"""One style for all figures: readable in print and by colour-blind readers."""

from __future__ import annotations

import contextlib
import io
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrodict.files import atomic
from retrodict.measures import Interval
from retrodict.plots._drawing import Axes, Figure, drawing

TRAINING, VALIDATION, NEUTRAL = "#0072B2", "#D55E00", "#555555"  # Okabe and Ito's palette
WARNING = "#B00020"
SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")
MARKERS = ("o", "s", "^", "D", "v")


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of a size in inches, with room for a footer; inside `drawing`."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    room = ConstrainedLayoutEngine(rect=(0, 0.12 / height, 1, 1 - 0.12 / height))
    return Figure(figsize=(width, height), layout=room)


@contextlib.contextmanager
def sheet(
    title: str,
    width: float,
    height: float,
    rows: int = 1,
    columns: int = 1,
    *,
    count: int | None = None,
    size: int = 11,
    ylabel: str = "",
    legend: int | None = None,
    **shared: Any,
) -> Iterator[tuple[Figure, np.ndarray]]:
    """Open a figure in our style; yield it and its panels, an array (row, column).

    Args:
        title: its title, in font size `size`.
        width, height: in inches.
        rows, columns: of panels; only the first `count` are used.
        ylabel: of the first column.
        legend: columns of the legend below, 0 for all labels in one row, None for no legend.
        shared: which axes are shared, as `Figure.subplots` takes it.
    """
    with drawing():
        figure = new_figure(width, height)
        grid = figure.subplots(rows, columns, squeeze=False, **shared)
        for axes in grid.flat[count or grid.size :]:
            axes.remove()
        yield figure, grid
        for axes in grid[:, 0] if ylabel else ():
            axes.set_ylabel(ylabel)
        if legend is not None:
            legend_below(figure, legend)
        figure.suptitle(title, fontsize=size)


def draw_means(
    axes: Axes, points: Sequence[tuple[float, Interval]], upright: bool, **look: Any
) -> None:
    """Draw means with their intervals as bars, in the style `look`; a single learner has no bar.

    `points` are (place, interval), with places along x if `upright`, otherwise along y.
    """
    places, means = [place for place, _ in points], [interval.mean for _, interval in points]
    halves = [float(np.nan_to_num(interval.half)) for _, interval in points]
    if upright:
        axes.errorbar(places, means, yerr=halves, **look)
    else:
        axes.errorbar(means, places, xerr=halves, **look)


def draw_level(axes: Axes, height: float, label: str, style: str = "--") -> None:
    """Draw the value of a guess as a horizontal line."""
    axes.axhline(height, color=NEUTRAL, linestyle=style, linewidth=1, label=label)


def legend_below(figure: Figure, columns: int) -> None:
    """Put the legend of the panel with the most labels under all panels, above the footer."""
    found = [axes.get_legend_handles_labels() for axes in figure.axes]
    handles, labels = max(found, key=lambda one: len(one[1]))
    look: Any = {"loc": "outside lower center", "borderaxespad": 1.8}
    figure.legend(handles, labels, ncols=columns or len(labels), **look)


@drawing()
def footer(figure: Figure, text: str, warning: str = "") -> None:
    """Write a figure's origin in small print below it, and a warning in red."""
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    fitting = int(figure.get_figwidth() / 0.05)  # letters of this size on one line
    lines = [(line, NEUTRAL) for line in textwrap.wrap(text, fitting)]
    lines += [(line, WARNING) for line in textwrap.wrap(warning, fitting)]
    height = 0.11 / figure.get_figheight()
    for i, (line, color) in enumerate(lines):
        y = 0.005 + height * (len(lines) - 1 - i)
        figure.text(0.01, y, line, fontsize=6, color=color, ha="left", va="bottom")
    for legend in figure.legends:  # legends below the panels end above the footer
        legend.borderaxespad += len(lines) - 1
    engine = figure.get_layout_engine()
    if isinstance(engine, ConstrainedLayoutEngine):
        room = height * (len(lines) + 0.1)
        engine.set(rect=(0, room, 1, 1 - room))


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG (200 dpi) and PDF; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    files = [stem.with_name(stem.name + suffix) for suffix in (".png", ".pdf")]
    for path in files:
        save_as(figure, path)
    return files


@drawing()
def save_as(figure: Figure, path: Path) -> None:
    """Write a figure in the format, `.png` (200 dpi) or `.pdf`, that its name ends with.

    Raises:
        CannotFinish: it cannot be written.
    """
    kind = path.suffix[1:].lower()
    buffer = io.BytesIO()
    metadata = {"CreationDate": None} if kind == "pdf" else {}  # the same bytes each time
    figure.savefig(buffer, format=kind, dpi=200, metadata=metadata)
    with atomic(path) as temporary:
        temporary.write_bytes(buffer.getvalue())


@drawing()
def save_film(frames: Sequence[Figure], stem: Path) -> Path:
    """Write figures of one size as an animated GIF that loops; return the file.

    Raises:
        CannotFinish: it cannot be written.
    """
    from PIL import Image

    images = []
    for frame in frames:
        buffer = io.BytesIO()
        frame.savefig(buffer, format="png", dpi=100)
        images.append(Image.open(buffer).convert("P", palette=Image.Palette.ADAPTIVE))
    path = stem.with_name(stem.name + ".gif")
    durations = [800] * (len(images) - 1) + [2400]  # milliseconds
    with atomic(path) as temporary:
        images[0].save(
            temporary,
            format="GIF",
            save_all=True,
            append_images=images[1:],
            duration=durations,
            loop=0,
        )
    return path

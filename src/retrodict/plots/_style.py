"""One look for all figures: readable in print and by colour-blind readers."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from retrodict._atomic import atomic

TRAINING, VALIDATION, NEUTRAL = "#0072B2", "#D55E00", "#555555"  # Okabe and Ito's palette

RC: Any = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "pdf.fonttype": 42,  # text stays text
    "figure.dpi": 200,
}


def new_figure(width: float, height: float) -> Figure:
    """Make an empty figure of a size in inches, with room for a footer."""
    room = ConstrainedLayoutEngine(rect=(0, 0.12 / height, 1, 1 - 0.12 / height))
    return Figure(figsize=(width, height), layout=room)


def legend_below(figure: Figure, axes: Axes, columns: int | None = None) -> None:
    """Put the legend of one panel under all panels, above the footer."""
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside lower center", ncols=columns or len(labels), borderaxespad=1.8
    )


def footer(figure: Figure, text: str) -> None:
    """Say in small print under a figure where it comes from."""
    figure.text(0.01, 0.005, text, fontsize=6, color=NEUTRAL, ha="left", va="bottom")


def save(figure: Figure, stem: Path) -> list[Path]:
    """Write a figure as PNG (200 dpi) and PDF; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    files = []
    for suffix, metadata in ((".png", {}), (".pdf", {"CreationDate": None})):
        buffer = io.BytesIO()
        figure.savefig(buffer, format=suffix[1:], dpi=200, metadata=metadata)
        path = stem.with_name(stem.name + suffix)
        with atomic(path) as temporary:
            temporary.write_bytes(buffer.getvalue())
        files.append(path)
    return files

"""The report: one HTML page, or a Markdown document with thumbnails."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from retrodict.claims import Kept
from retrodict.figures import FIGURES, FINDINGS, TABLES, THEORY_FIGURES, command, describe
from retrodict.measures import Final, final_cells
from retrodict.report._collect import Collected
from retrodict.report._differences import differences
from retrodict.report._embedded import embedded
from retrodict.report._headline import Answer, headline
from retrodict.report._images import picture
from retrodict.report._render import document, page
from retrodict.report._run_view import RunView
from retrodict.report._statements import sheet_of
from retrodict.report._words import duration, seeds

THUMBNAIL = 700
"""Pixels of a thumbnail's width."""

_SCRIPTS = ("data.js", "chart.js", "matrices.js", "explorer.js", "page.js")
_GROUPS = (
    ("figures", "Figures of the paper", FIGURES),
    ("findings", "What we found beyond the paper", FINDINGS),
    ("theory", "What theory predicts", THEORY_FIGURES),
)


def as_html(store: Collected, statements: Kept | None, found: Sequence[Answer]) -> str:
    """Write the page: answers, the store's figures and runs, and the checked statements."""
    groups = [
        (name, title, [section for section in store.sections if section.figure in figures])
        for name, title, figures in _GROUPS
    ]
    return page(
        "report.html.j2",
        _SCRIPTS,
        title="retrodict: does the reversal curse appear?",
        scales=[section.scale for section in store.sections if section.scale],
        groups=[group for group in groups if group[2]],
        data=embedded(store.runs),
        describe=describe,
        final_values=_final_values,
        when=time.strftime("%Y-%m-%d %H:%M %Z"),
        **_shared(store, statements, found),
    )


def as_markdown(
    store: Collected,
    statements: Kept | None,
    found: Sequence[Answer],
    folder: str,
    pictures: Mapping[str, bytes],
) -> str:
    """Write the document, such as docs/reproduction.md.

    Args:
        store, statements, found: as for `as_html`.
        folder: the folder of its thumbnails, relative to the document.
        pictures: figures that have a thumbnail.
    """
    shared = _shared(store, statements, found)
    return document("report.md.j2", folder=folder, pictures=pictures, **shared)


def _shared(store: Collected, statements: Kept | None, found: Sequence[Answer]) -> dict[str, Any]:
    """Return what both the page and the document show."""
    published = store.published
    return {
        "store": store,
        "answers": found,
        "headline": headline(store, found),
        "statements": sheet_of(statements) if statements else None,
        "published": sheet_of(published) if isinstance(published, Kept) else None,
        "differences": differences,
        "command_of": command,
        "tables": TABLES,
        "seeds": seeds,
        "duration": duration,
    }


def _final_values(runs: Mapping[str, RunView]) -> tuple[tuple[str, ...], list[Any]]:
    """Return the columns' titles, and rows (run's name in its first row, final values, cells)."""
    lines: list[tuple[str, Final]] = []
    for name, run in runs.items():
        lines += [("" if at else name, final) for at, final in enumerate(run.finals)]
    head, rows = final_cells([final for _, final in lines])
    return tuple(head), [(*line, cells) for line, cells in zip(lines, rows, strict=True)]


def thumbnails(store: Collected) -> dict[str, bytes]:
    """Return a thumbnail of each figure's drawing, by figure."""
    drawings = {
        section.figure.name: picture(store.store / section.drawing, THUMBNAIL)
        for section in store.sections
        if section.picture
    }
    return {name: small.data for name, small in drawings.items() if small}


def thumbnail_folder(path: Path) -> Path:
    """Return the folder of a document's thumbnails, whose name nothing else is likely to have."""
    return path.with_name(f"{path.stem}-figures")

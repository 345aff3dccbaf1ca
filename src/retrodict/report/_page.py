"""The report as one HTML page."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from retrodict.claims import Kept
from retrodict.figures import FIGURES, FINDINGS, TABLES, THEORY_FIGURES, command
from retrodict.leaderboard import Board
from retrodict.measures import Final, final_cells
from retrodict.report._collect import Collected
from retrodict.report._differences import differences
from retrodict.report._embedded import embedded
from retrodict.report._headline import Answer, headline
from retrodict.report._leaderboard import board_context
from retrodict.report._machine import duration, machines, seeds
from retrodict.report._render import page
from retrodict.report._run_view import RunView
from retrodict.report._statements import sheet_of

_SCRIPTS = ("data.js", "chart.js", "matrices.js", "explorer.js", "page.js")
_GROUPS = (
    ("figures", "Figures of the paper", FIGURES),
    ("findings", "What we found on the way", FINDINGS),
    ("theory", "What the theory is good for", THEORY_FIGURES),
)


def as_html(store: Collected, statements: Kept | None, found: Sequence[Answer]) -> str:
    """Write the page.

    Args:
        store: what was read.
        statements: the theorems and lemmas, checked.
        found: the first screen's answers.
    """
    groups = [
        (name, title, [section for section in store.sections if section.figure in figures])
        for name, title, figures in _GROUPS
    ]
    return page(
        "report.html.j2",
        _SCRIPTS,
        title="retrodict: does the reversal curse appear?",
        answers=found,
        scales=_scales(store),
        groups=[group for group in groups if group[2]],
        data=embedded(store.runs),
        final_values=_final_values,
        machines=machines(store.runs.values()),
        when=time.strftime("%Y-%m-%d %H:%M %Z"),
        **(board_context(store.board) if isinstance(store.board, Board) else {}),
        **shared(store, statements, found),
    )


def shared(store: Collected, statements: Kept | None, found: Sequence[Answer]) -> dict[str, Any]:
    """Return what both the page and the document show."""
    published = store.published
    return {
        "store": store,
        "headline": headline(store, found),
        "statements": sheet_of(statements) if statements else None,
        "published": sheet_of(published) if isinstance(published, Kept) else None,
        "differences": differences,
        "command_of": command,
        "tables": TABLES,
        "seeds": seeds,
        "duration": duration,
    }


def _scales(store: Collected) -> str:
    scales = [section.scale for section in store.sections if section.scale]
    counted = [f"{scales.count(scale)} at {scale} scale" for scale in dict.fromkeys(scales)]
    told = f"Figures here: {', '.join(counted)}." if counted else "No figure is drawn here yet."
    if any(scale != "paper" for scale in scales):
        told += " Each section says where that differs from the paper's own configuration."
    return told


def _final_values(runs: Mapping[str, RunView]) -> tuple[tuple[str, ...], list[Any]]:
    """Return columns' titles, and (run's name at its first line, final, cells) group by group."""
    lines: list[tuple[str, Final]] = []
    for name, run in runs.items():
        lines += [("" if at else name, final) for at, final in enumerate(run.finals)]
    head, rows = final_cells([final for _, final in lines])
    return tuple(head), [(*line, cells) for line, cells in zip(lines, rows, strict=True)]

"""The leaderboard for people: a page and a document of its own, and a section of the report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrodict.files import atomic_text
from retrodict.leaderboard import FILE, HEAD, RULE, Board, texts
from retrodict.report._render import document, page
from retrodict.runs import Store

TITLE = "What breaks the curse?"
_ABOUT = (
    f"The same facts and the same budget for every recipe. Verdicts: {RULE}. * upper bound or "
    "control. NLL in nats, on held-out questions; mean ± 95 % interval over learners. "
    "docs/recipes.md says what each recipe is."
)
_MARKS = {"broken": "▲", "partly": "◆", "cursed": "▼"}


def write_board_pages(board: Board, store: Store) -> list[Path]:
    """Write leaderboard.html and leaderboard.md into a store; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    files = [store.root / f"{FILE}.{ending}" for ending in ("html", "md")]
    atomic_text(files[0], board_as_html(board))
    atomic_text(files[1], document("leaderboard.md.j2", title=TITLE, **board_context(board)))
    return files


def board_as_html(board: Board) -> str:
    """Write the tables as a page of its own; a click on a head sorts."""
    return page("leaderboard.html.j2", ["sort.js"], title=TITLE, **board_context(board))


def board_context(board: Board) -> dict[str, Any]:
    """Return what the templates of the tables show."""
    rows = [(title, [(row, texts(row)) for row in rows]) for title, rows in board.tables]
    shown = {"head": HEAD, "about": _ABOUT, "marks": _MARKS, "command": board.command}
    return {"board": {**shown, "tables": rows}}

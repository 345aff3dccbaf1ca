"""Write the leaderboard as an HTML page and as a Markdown document."""

from __future__ import annotations

from pathlib import Path

from retrodict.files import LEADERBOARD
from retrodict.leaderboard import Board
from retrodict.report._render import document, page, write_both
from retrodict.runs import Store

_TITLE = "What breaks the curse?"


def write_board_pages(board: Board, store: Store) -> list[Path]:
    """Write leaderboard.html and leaderboard.md into a store; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    told = document("leaderboard.md.j2", title=_TITLE, board=board)
    return write_both(store.root / LEADERBOARD.name, board_as_html(board), told)


def board_as_html(board: Board) -> str:
    """Write the tables as an HTML page; a click on a column's head sorts."""
    return page("leaderboard.html.j2", ["sort.js"], title=_TITLE, board=board)

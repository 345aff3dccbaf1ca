"""The leaderboard in the report: which recipes break the curse, as the store has it."""

from __future__ import annotations

from pathlib import Path

from retrodict.files import LEADERBOARD
from retrodict.leaderboard import COLUMNS, HEAD, RULE, WAYS, Board, Row, read, texts
from retrodict.report._html import Html, row, table, tag

_MARKS = {"broken": "▲", "partly": "◆", "cursed": "▼"}


def leaderboard_of(store: Path) -> Board | str | None:
    """Read a store's leaderboard; why it cannot be used; None where there is none."""
    return LEADERBOARD.find(store, read)


def leaderboard_section(board: Board | str | None) -> list[Html]:
    """Write the section; nothing where there is no leaderboard."""
    if board is None:
        return []
    title = tag("h2", "What breaks the curse?", id="leaderboard-title")
    if isinstance(board, str):
        parts = [title, tag("p", f"Cannot be used: {board}", class_="warning")]
        return [tag("section", *parts, id="leaderboard", aria_labelledby="leaderboard-title")]
    about = (
        f"The same facts, the same budget, every recipe: {RULE}. * upper bound or control. NLL in "
        "nats, on held-out questions; mean ± 95 % interval over learners. docs/recipes.md says "
        "what each recipe is."
    )
    tables = [
        table(HEAD, map(_line, rows), f"{column.title}, at equal {at}")
        for column in COLUMNS
        for at in WAYS
        if (rows := board.at(at, column.name))
    ]
    command = tag("p", "Made by ", tag("code", board.command), ".", class_="hint")
    parts = [title, tag("p", about), *tables, command]
    return [tag("section", *parts, id="leaderboard", aria_labelledby="leaderboard-title")]


def _line(found: Row) -> Html:
    name, verdict, *rest = texts(found)
    shown = tag("span", name, title=f"{found.title}; {found.source}")
    return row(shown, f"{_MARKS[found.verdict]}\u00a0{verdict}", *rest, numbers=range(2, len(HEAD)))

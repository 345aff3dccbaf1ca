"""`retrodict leaderboard`: train what is missing, print one table a task, write the files."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._provenance import tell_answers
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, nearest
from retrodict.launch import LOCAL, Asked, Launcher
from retrodict.leaderboard import (
    COLUMNS,
    RULE,
    SORTS,
    At,
    Board,
    Row,
    Scale,
    cells,
    compare,
    held_out_in_words,
    kept,
    write,
)
from retrodict.report import write_board_pages
from retrodict.runs import Run, Store

_COLOURS = {"broken": "green", "partly": "yellow", "cursed": "red"}


def run_leaderboard(
    names: Sequence[str],
    tasks: Sequence[str],
    scale: Scale,
    full: bool,
    at: At,
    sort: str,
    out: Path,
    as_json: bool,
    only_kept: bool = False,
    launcher: Launcher = LOCAL,
    again: bool = False,
) -> None:
    """Make the leaderboard of a store."""
    if sort not in SORTS:
        raise BadInput(f"--sort: {sort!r:.60} is not known; {nearest(sort, SORTS)}")
    store = Store(out)
    if only_kept:
        columns = tasks or [column.name for column in COLUMNS]
        chosen = kept(cells(names, columns, scale, full), store)
    else:
        chosen = cells(names, tasks, scale, full)
    command = " ".join(
        [
            "retrodict leaderboard",
            *names,
            *(f"--task {task}" for task in tasks),
            f"--scale {scale}",
            *(["--full"] if full else []),
            *(["--kept"] if only_kept else []),
        ]
    )
    with Progress() as progress:
        asked = Asked(launcher, again)
        board = compare(chosen, store, progress, command, asked)
    files = [*write(board, store), *write_board_pages(board, store)]
    runs = [Run(out / row.run) for row in board.rows]
    if as_json:
        rows = [dataclasses.asdict(row) for row in board.rows]
        print_json({"command": command, "rule": RULE, "rows": rows, "files": list(map(str, files))})
    else:
        _show(board, at, sort, files)
    tell_answers(runs, asked.answers, as_json)


def _show(board: Board, at: At, sort: str, files: Sequence[Path]) -> None:
    console = Console()
    for column in COLUMNS:
        rows = board.at(at, column.name, sort)
        if not rows:
            continue
        title = f"{column.title}: at equal {at}, sorted by {sort}"
        table = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
        for i, name in enumerate(_HEAD):
            table.add_column(name, justify="left" if i < 2 else "right", no_wrap=True)
        for row in rows:
            table.add_row(*_texts(row))
        console.print(table)
    console.print(f"{RULE}.", highlight=False)
    console.print("* upper bound or control; held-out: mean ± 95 % interval; more in the files")
    for path in files:
        console.print(f"wrote {path}", highlight=False, markup=False, soft_wrap=True)


_HEAD = ("recipe", "verdict", "held-out", "solved", "steps", "beats", "echo", "other", "forward")
"""Held-out accuracy; learners that solved it and their median steps; how often the truth beats a
wrong answer; shares of echoes and of other wrong answers; accuracy on what is taught."""


def _texts(row: Row) -> tuple[str, ...]:
    colour = _COLOURS[row.verdict]
    steps = row.steps_to_solve
    return (
        f"[bold]{row.recipe}[/bold]{'*' if row.is_bound else ''}",
        f"[{colour}]{row.said}[/{colour}]",
        held_out_in_words(row),
        f"{row.solved.count}/{row.solved.of}",
        "never" if steps != steps else f"{steps:.0f}",
        *(f"{part.mean:.2f}" for part in (row.preference, row.echo, row.neither)),
        f"{row.forward_accuracy.mean:.2f}",
    )

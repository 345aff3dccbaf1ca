"""The leaderboard itself: trains what is missing, reads every line, writes tables."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from pydantic import TypeAdapter

from retrodict.errors import BadInput, choose
from retrodict.experiment import Experiment
from retrodict.files import (
    LEADERBOARD_FORMAT,
    MISREAD,
    atomic_text,
    dumps,
    in_a_line,
    null_as_nan,
    read_json,
    require_format,
)
from retrodict.launch import LOCAL, Launcher, Reporter, run_named
from retrodict.leaderboard._cells import COLUMNS, Cell
from retrodict.leaderboard._row import WAYS, At, Row, facts, row_of
from retrodict.measures import SOLVED, SOLVED_SHARE, UNSOLVED, Interval
from retrodict.runs import Store, require_writable

FILE = "leaderboard"

RULE = (
    f"broken: {SOLVED_SHARE:.0%} of the learners or more answer {SOLVED:.0%} of the held-out "
    f"questions; cursed: none answers more than {UNSOLVED:.0%}; partly: between; split: some solve "
    "it while others know nothing, so they are counted and not averaged; †: what is taught is not "
    f"known either, less than {SOLVED:.0%}"
)

SORTS = ("accuracy", "recipe", "verdict", "steps_to_solve", "operations", "forward_lost", "echo")
"""What a table can be sorted by."""

_VERDICTS = {"broken": 0, "partly": 1, "cursed": 2}


@dataclass(frozen=True)
class Board:
    """Lines and what made them.

    Attributes:
        rows: read at equal updates and at equal compute.
        command: what made it.
    """

    rows: Sequence[Row]
    command: str

    def at(self, at: At, column: str, sort: str = "accuracy") -> list[Row]:
        """Return one table's lines, best first.

        Raises:
            BadInput: it cannot be sorted so.
        """
        choose([sort], SORTS, "--sort: {!r:.60} is not known")
        rows = [row for row in self.rows if row.at == at and row.column == column]
        return sorted(rows, key=lambda row: _key(row, sort))


def compare(
    cells: Sequence[Cell],
    store: Store,
    reporter: Reporter,
    command: str,
    launcher: Launcher = LOCAL,
) -> Board:
    """Train what is missing, and read every line off the runs.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.execute`.
    """
    require_writable(store.root)
    wanted: dict[str, dict[str, Experiment]] = {}
    for cell in cells:
        wanted.setdefault(cell.column.name, {})[cell.recipe.name] = cell.experiment
    runs = run_named(wanted, store, reporter, launcher, keep_weights=False)
    rows = []
    for cell in cells:
        found = runs[cell.column.name]
        rows += [row_of(cell, found[cell.recipe.name], found.get("plain"), at) for at in WAYS]
    return Board(rows, command)


def kept(cells: Sequence[Cell], store: Store) -> list[Cell]:
    """Choose the cells whose runs a store holds, finished.

    Raises:
        BadInput: it holds none.
        CannotFinish: a run is damaged.
    """
    found = [cell for cell in cells if store.run(cell.experiment.resolved()).finished]
    if not found:
        raise BadInput(f"{store.root}: none of these is trained there; leave out --kept")
    return found


def write(board: Board, store: Store) -> list[Path]:
    """Write the tables as CSV, JSON, HTML and Markdown; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    paths = [store.root / f"{FILE}.{ending}" for ending in ("csv", "json", "html", "md")]
    lines = [facts(row) for row in board.rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    atomic_text(paths[0], text.getvalue())
    content = {
        "format": LEADERBOARD_FORMAT,
        "command": board.command,
        "rule": RULE,
        "rows": [dataclasses.asdict(row) for row in board.rows],
    }
    atomic_text(paths[1], dumps(content, indent=1) + "\n")
    atomic_text(paths[2], as_page(board))
    atomic_text(paths[3], as_markdown(board))
    return paths


def read(path: Path) -> Board:
    """Read a leaderboard.json back.

    Raises:
        ValueError: there is none, it is damaged, or of another version.
    """
    try:
        content = read_json(path)
        require_format(content["format"], LEADERBOARD_FORMAT, "it")
        rows = TypeAdapter(list[Row]).validate_python(null_as_nan(content["rows"]))
        return Board(rows, str(content["command"]))
    except MISREAD as error:
        raise ValueError(f"{path}: no leaderboard: {in_a_line(error)}") from None


HEAD = (
    "recipe",
    "verdict",
    "held-out",
    "solved",
    "steps to solve",
    "NLL",
    "wrong NLL",
    "truth beats wrong",
    "rank",
    "echo",
    "neither",
    "forward",
    "operations",
)
"""Columns of the tables a person reads; CSV and JSON have them all."""


def texts(row: Row) -> tuple[str, ...]:
    """Write a line of the table, in the order of `HEAD`."""
    mark = "*" if row.is_bound else ""
    solve = "never" if row.steps_to_solve != row.steps_to_solve else f"{row.steps_to_solve:.0f}"
    censored = f" ({row.never} never)" if row.never and solve != "never" else ""
    return (
        f"{row.recipe}{mark}",
        row.said,
        held_out_in_words(row),
        f"{row.solved.count}/{row.solved.of}",
        solve + censored,
        brief(row.nll),
        brief(row.wrong_nll),
        brief(row.preference),
        brief(row.rank, 1),
        brief(row.echo),
        brief(row.neither),
        brief(row.forward_accuracy),
        f"{row.operations:.2g}",
    )


def held_out_in_words(row: Row) -> str:
    """Write held-out accuracy: a mean, or, where learners split, how many know and how many not."""
    if not row.is_split:
        return brief(row.accuracy)
    known = sum(a >= SOLVED for a in row.accuracies)
    nothing = sum(a <= UNSOLVED for a in row.accuracies)
    return f"{known}≥{SOLVED:.1f} {nothing}≤{UNSOLVED:.1f}"


def brief(interval: Interval, digits: int = 2) -> str:
    """Write a mean with half its interval, the half left out where it rounds to nothing."""
    half = interval.high - interval.mean
    if half != half or half < 0.5 * 10**-digits:
        return f"{interval.mean:.{digits}f}"
    return f"{interval.mean:.{digits}f} ± {half:.{digits}f}"


def as_page(board: Board) -> str:
    """Write the tables as a page of its own; a click on a head sorts."""
    body = "".join(
        f"<h2>{escape(column.title)}, at equal {at}</h2>{as_table(board, at, column.name)}"
        for column in COLUMNS
        for at in WAYS
        if board.at(at, column.name)
    )
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width"><title>What breaks the curse?'
        f"</title><style>{_STYLE}</style><h1>What breaks the curse?</h1><p>{escape(RULE)}. "
        f"* upper bound or control. Mean ± 95 % interval over learners. Made by <code>"
        f"{escape(board.command)}</code>.</p>{body}<script>{_SORT}</script></html>\n"
    )


def as_markdown(board: Board) -> str:
    """Write the tables as Markdown."""

    def line(cells: Sequence[str]) -> str:
        return f"| {' | '.join(cells)} |".replace("*", "\\*")

    parts = [
        f"# What breaks the curse?\n\n    {board.command}\n",
        f"{RULE}. \\* upper bound or control; NLL in nats, on held-out questions; mean ± 95 % "
        "interval over learners.\n",
    ]
    for column in COLUMNS:
        for at in WAYS:
            if rows := board.at(at, column.name):
                lines = [HEAD, ("---",) * len(HEAD), *map(texts, rows)]
                parts.append(f"## {column.title}, at equal {at}\n")
                parts.append("\n".join(map(line, lines)) + "\n")
    return "\n".join(parts)


def as_table(board: Board, at: At, column: str) -> str:
    """Write one table as HTML."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in HEAD)
    lines = "".join(
        f'<tr class="{row.verdict}" title="{escape(f"{row.title}; {row.source}")}">'
        + "".join(f"<td>{escape(part)}</td>" for part in texts(row))
        + "</tr>"
        for row in board.at(at, column)
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>"


def _key(row: Row, sort: str) -> tuple[float, float, str]:
    worst = float("inf")
    value = {
        "accuracy": -row.accuracy.mean,
        "verdict": float(_VERDICTS[row.verdict]),
        "recipe": 0.0,
    }.get(sort)
    if value is None:
        found = getattr(row, sort)
        value = float(found.mean if isinstance(found, Interval) else found)
    first = worst if value != value else value
    steps = row.steps_to_solve
    return first, worst if steps != steps or sort == "recipe" else steps, row.recipe


_STYLE = (
    ":root{color-scheme:light dark}body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;"
    "max-width:90rem;padding:0 1rem}table{display:block;overflow-x:auto;border-collapse:collapse;"
    "font-variant-numeric:tabular-nums}td,th{padding:.2rem .6rem;text-align:right;"
    "white-space:nowrap;border-bottom:1px solid #8885}td:first-child,th:first-child,"
    "td:nth-child(2){text-align:left}th{cursor:pointer}td:nth-child(2){font-weight:600}"
    ".broken td:nth-child(2){color:light-dark(#00694b,#5fd0a5)}"
    ".cursed td:nth-child(2){color:light-dark(#a3341a,#ff9b80)}"
    ".partly td:nth-child(2){color:light-dark(#8a5a00,#e8b860)}"
)
_SORT = (
    "document.querySelectorAll('th').forEach(h=>h.onclick=()=>{const b=h.closest('table')"
    ".tBodies[0],i=h.cellIndex,v=r=>{const t=r.cells[i].textContent,n=parseFloat(t);"
    "return isNaN(n)?t:n};h.up=!h.up;[...b.rows].sort((a,c)=>{const x=v(a),y=v(c);"
    "const d=typeof x===typeof y?(x<y?-1:x>y?1:0):typeof x==='number'?-1:1;"
    "return h.up?d:-d}).forEach(r=>b.append(r))})"
)

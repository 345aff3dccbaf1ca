"""The leaderboard: train what is missing, read off every row, keep them as CSV and JSON."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from retrodict.errors import BadInput, choose
from retrodict.experiment import Experiment
from retrodict.files import LEADERBOARD, atomic_text
from retrodict.launch import LOCAL, Launcher, Reporter, run_named
from retrodict.leaderboard._cells import COLUMNS, Cell
from retrodict.leaderboard._row import WAYS, At, Row, facts, row_of
from retrodict.measures import SOLVED, SOLVED_SHARE, UNSOLVED, Interval
from retrodict.runs import Store, require_writable

_VERDICTS = (
    f"broken: {SOLVED_SHARE:.0%} of the learners or more answer {SOLVED:.0%} of the held-out "
    f"questions; cursed: none answers more than {UNSOLVED:.0%}; partly: between"
)
_NOTES = {
    "split": "some learners solve it while others know nothing, so they are counted",
    "†": f"not trained long enough: less than {SOLVED:.0%} of what is taught is known",
    "*": "an upper bound or a control",
}
"""Mark in a table → its meaning."""
RULE = "; ".join([_VERDICTS, *(f"{mark}: {_NOTES[mark]}" for mark in ("split", "†"))])
"""The meaning of the verdicts."""

_SORTS: dict[str, Callable[[Row], float]] = {
    "accuracy": lambda row: -row.accuracy.mean,
    "verdict": lambda row: ("broken", "partly", "cursed").index(row.verdict),
    "steps_to_solve": lambda row: row.steps_to_solve,
    "operations": lambda row: row.operations,
    "forward_lost": lambda row: row.forward_lost.mean,
    "echo": lambda row: row.echo.mean,
}
SORTS = ("recipe", *_SORTS)
"""Columns by which a table can be sorted."""


@dataclass(frozen=True)
class Board:
    """Rows, and the command that made them.

    Attributes:
        rows: read at equal updates and at equal compute.
        command: the command that made it.
    """

    rows: Sequence[Row]
    command: str

    def at(self, at: At, column: str, sort: str = "accuracy") -> list[Row]:
        """Return one table's rows, best first.

        Raises:
            BadInput: the column to sort by is unknown.
        """
        choose([sort], SORTS, "--sort: {!r:.60} is not known")
        rows = [row for row in self.rows if row.at == at and row.column == column]
        rows.sort(key=lambda row: row.recipe)
        if sort != "recipe":
            rows.sort(key=lambda row: _nan_last(_SORTS[sort](row), row.steps_to_solve))
        return rows

    @property
    def tables(self) -> list[tuple[str, list[Row]]]:
        """Return the title and the rows, best first, of every table that is not empty."""
        found = [
            (f"{column.title}, at equal {at}", self.at(at, column.name))
            for column in COLUMNS
            for at in WAYS
        ]
        return [(title, rows) for title, rows in found if rows]


def compare(
    cells: Sequence[Cell],
    store: Store,
    reporter: Reporter,
    command: str,
    launcher: Launcher = LOCAL,
) -> Board:
    """Train what is missing, and read every row off the runs.

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
    """Return the cells with finished runs in a store.

    Raises:
        BadInput: there are none.
        CannotFinish: a run is damaged.
    """
    found = [cell for cell in cells if store.run(cell.experiment.placed()).finished]
    if not found:
        raise BadInput(f"{store.root}: none of these is trained there; leave out --kept")
    return found


def write(board: Board, store: Store) -> list[Path]:
    """Write all rows as CSV and JSON; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    json = store.root / LEADERBOARD.name
    paths = [json.with_suffix(".csv"), json]
    lines = [facts(row) for row in board.rows]
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    atomic_text(paths[0], text.getvalue())
    LEADERBOARD.write(paths[1], {"command": board.command, "rule": RULE, "rows": board.rows})
    return paths


def read(path: Path) -> Board:
    """Read a leaderboard.json.

    Raises:
        ValueError: it is missing, damaged, or of another version.
    """
    return LEADERBOARD.read(path, Board)


def held_out_in_words(row: Row) -> str:
    """Write held-out accuracy as a mean, or, if learners split, as the numbers on each side."""
    if not row.is_split:
        return brief(row.accuracy)
    known = sum(a >= SOLVED for a in row.accuracies)
    nothing = sum(a <= UNSOLVED for a in row.accuracies)
    return f"{known}≥{SOLVED:.1f} {nothing}≤{UNSOLVED:.1f}"


def brief(interval: Interval, digits: int = 2) -> str:
    """Write a mean ± half its interval, without the half if it rounds to zero."""
    if interval.half < 0.5 * 10**-digits:
        return f"{interval.mean:.{digits}f}"
    return f"{interval:.{digits}f}"


def _nan_last(*values: float) -> list[float]:
    return [math.inf if math.isnan(value) else value for value in values]


def _steps_to_solve(row: Row) -> str:
    if math.isnan(row.steps_to_solve):
        return "never"
    censored = f" ({row.never} never)" if row.never else ""
    return f"{row.steps_to_solve:.0f}{censored}"


_COLUMNS: dict[str, tuple[Callable[[Row], str], str]] = {
    "recipe": (
        lambda row: row.recipe + ("*" if row.is_bound else ""),
        "how the sentences or the loss are changed; docs/recipes.md describes each",
    ),
    "verdict": (lambda row: row.said, _VERDICTS),
    "held-out": (
        held_out_in_words,
        "share of held-out questions answered right; mean ± 95 % interval over learners",
    ),
    "solved": (
        lambda row: f"{row.solved.count}/{row.solved.of}",
        f"how many of the learners answer {SOLVED:.0%} or more of them right",
    ),
    "steps to solve": (_steps_to_solve, "median number of gradient steps until a learner does"),
    "NLL": (lambda row: brief(row.nll), "of the right answer to a held-out question, in nats"),
    "wrong NLL": (lambda row: brief(row.wrong_nll), "of a wrong answer of the same alphabet"),
    "truth beats wrong": (
        lambda row: brief(row.preference),
        "how often the right answer is likelier than a random wrong one",
    ),
    "rank": (
        lambda row: brief(row.rank, 1),
        "of the right answer among all answers of its alphabet; 1 is best",
    ),
    "echo": (
        lambda row: brief(row.echo),
        "share of answers that repeat the entity of the question",
    ),
    "neither": (
        lambda row: brief(row.neither),
        "share of answers that are neither right nor an echo",
    ),
    "forward": (
        lambda row: brief(row.forward_accuracy),
        "share of questions about what the task itself teaches answered right",
    ),
    "operations": (
        lambda row: f"{row.operations:.2g}",
        "floating-point operations that one learner has spent on training",
    ),
}
HEAD = tuple(_COLUMNS)
"""Columns of the printed table; the files have more."""


def texts(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, in the order of `HEAD`."""
    return tuple(write(row) for write, _ in _COLUMNS.values())


def legend(rows: Sequence[Row]) -> dict[str, str]:
    """Explain every column, and every mark that occurs in a table of these rows."""
    shown = "".join(f"{row.said} {'*' if row.is_bound else ''}" for row in rows)
    notes = {mark: says for mark, says in _NOTES.items() if mark in shown}
    return {name: says for name, (_, says) in _COLUMNS.items()} | notes

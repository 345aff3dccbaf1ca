"""`retrodict run` on a grid: all cells in one table, failed ones marked."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Table

from retrodict.cli._console import Console, plain
from retrodict.cli._streams import print_json
from retrodict.cli._tables import (
    NUMBERS,
    READING,
    final_numbers,
    fitting,
    folded,
    numbers,
    ruled_table,
    words,
)
from retrodict.errors import BadInput, CannotFinish, Interrupted
from retrodict.experiment import Cell, Grid, flow, short_names

if TYPE_CHECKING:
    from retrodict.launch import Answer, Asked, CellResult
    from retrodict.runs import Store

_STYLES = {"failed": "bold red", "unfinished": "dim"}
_LONGEST_HINT = 200
_SIZES = ("vocabulary", "training_sentences", "steps", "parameters", "learners")

Facts = Mapping[str, Any]
Rows = Sequence[tuple["CellResult", Facts]]


def run_grid(grid: Grid, store: Store, keep_weights: bool, as_json: bool, launcher: Asked) -> None:
    """Run a grid and print all its cells; if it is interrupted, print what there is.

    Raises:
        BadInput: no cell can be run.
        CannotFinish: every cell failed, or one could not be finished.
        Interrupted, KeyboardInterrupt: it was asked to stop.
    """
    from retrodict.cli._progress import Progress
    from retrodict.cli._provenance import tell_answers
    from retrodict.launch import execute_cells, look_up

    ended: dict[int, tuple[CellResult, Facts]] = {}
    try:
        with Progress() as progress:
            for index, result in execute_cells(grid, store, progress, keep_weights, launcher):
                ended[index] = (result.without_trace(), _facts(result, launcher.answers))
    except (Interrupted, KeyboardInterrupt):
        if not as_json:
            for index, cell in enumerate(grid.cells):
                if index not in ended:
                    result = look_up(cell, store, launcher)
                    ended[index] = (result.without_trace(), _facts(result, {}))
            _show(grid, [ended[index] for index in sorted(ended)])
        raise
    rows = [ended[index] for index in sorted(ended)]
    results = [result for result, _ in rows]
    if not any(result.lost or result.run for result in results):
        more = f" (and {len(results) - 1} more)" if len(results) > 1 else ""
        first = f"{results[0].cell.label}{more}: {results[0].problem}"
        raise BadInput(f"no cell can be run: {first}")
    if as_json:
        print_json({"grid": grid.axes, "cells": [_document(*row) for row in rows]})
    else:
        _show(grid, rows)
        _hint(results, store)
    runs = [result.run for result in results if result.run is not None]
    tell_answers(runs, launcher.answers, as_json)
    _refuse_if_unfinished(results)


def _facts(result: CellResult, answers: Mapping[str, Answer]) -> Facts:
    from retrodict.cli._provenance import answer_facts
    from retrodict.cli._results import run_facts

    if result.run is None:
        return {}
    return {**run_facts(result.run), **answer_facts(answers.get(result.run.folder.name))}


def _document(result: CellResult, facts: Facts) -> Facts:
    settings = dict(result.cell.settings)
    ended = {"status": _status(result), "problem": result.problem}
    return {"settings": settings, **facts, **ended}


def _refuse_if_unfinished(results: Sequence[CellResult]) -> None:
    failed = [result for result in results if result.problem is not None]
    lost = [result for result in failed if result.lost]
    if len(failed) == len(results):
        first, said = failed[0], f"all {len(failed)} cells failed"
    elif lost:
        first, said = lost[0], f"{len(lost)} of {len(results)} cells could not be finished"
    else:
        if failed:
            print(f"retrodict: {len(failed)} of {len(results)} cells failed", file=sys.stderr)
        return
    raise CannotFinish(f"{said}; the first, {first.cell.label}: {first.problem}")


def show_plan(grid: Grid, as_json: bool) -> None:
    """Print every cell with its sizes or its problem; train nothing."""
    from retrodict.cli._dry_run import sizes

    plans: list[dict[str, Any]] = []
    for cell in grid.cells:
        counted = sizes(cell.experiment, cell.experiment.corpus()) if cell.experiment else {}
        plans.append({"settings": dict(cell.settings), "problem": cell.problem, **counted})
    if as_json:
        print_json({"grid": grid.axes, "cells": plans})
        return
    console = Console()
    table = _table(grid, [name.replace("_", "\n") for name in _SIZES])
    for cell, plan in zip(grid.cells, plans, strict=True):
        shown = [str(plan.get(name, "")) for name in _SIZES]
        _add(table, cell, shown, "failed" if cell.problem else "valid")
    console.print(table)
    console.print(f"\n{len(grid.cells)} cells, parameters of one learner")
    _print_problems(console, [(cell, cell.problem) for cell in grid.cells])


def _show(grid: Grid, rows: Rows) -> None:
    """Print one row per cell, then how many finished, and why the others did not."""
    from retrodict.measures import BEATS_WRONG

    console = Console()
    # on a narrow terminal, numbers lose their intervals: first the accuracies, then all
    console.print(fitting(console, (_filled(grid, rows, intervals) for intervals in (4, 2, 0))))
    count = Counter(_status(result) for result, _ in rows)
    others = [f"{count[word]} {word}" for word in ("failed", "unfinished") if count[word]]
    finished = f"{count['finished']} of {len(rows)} cells finished"
    console.print("\n" + ", ".join([finished, *others]))
    _print_problems(console, [(result.cell, result.problem) for result, _ in rows])
    for result, facts in rows:
        lost = facts.get("diverged_learners", 0)
        if lost and result.problem is None:
            of = facts["experiment"]["training"]["learners"]
            said = f"{lost} of {of} learners became non-finite and are left out"
            console.print(plain(f"{result.cell.label}: {said}"))
    console.print(f"{READING}\naccuracy and 'beats wrong' are of validation; {BEATS_WRONG}")


def _filled(grid: Grid, rows: Rows, intervals: int) -> Table:
    """Return the table of results; the first `intervals` numbers of a row show theirs."""
    table = _table(grid, NUMBERS)
    for result, facts in rows:
        cells = final_numbers(facts)
        cells[intervals:] = [cell.partition(" ±")[0] for cell in cells[intervals:]]
        _add(table, result.cell, cells, _status(result))
    return table


def _table(grid: Grid, columns: Sequence[str]) -> Table:
    """Return a table with columns for the axes, for numbers and for the status."""
    axes = folded(*short_names(grid.axes).values())
    return ruled_table(*axes, *numbers(*columns), *words("status"))


def _add(table: Table, cell: Cell, numbers: Sequence[str], status: str) -> None:
    settings = [escape(flow(value)) for value in cell.settings.values()]
    table.add_row(*settings, *numbers, status, style=_STYLES.get(status))


def _status(result: CellResult) -> str:
    if result.problem is not None:
        return "failed"
    return "finished" if result.run is not None else "unfinished"


def _print_problems(console: Console, problems: Sequence[tuple[Cell, str | None]]) -> None:
    """Print why cells failed, each reason once."""
    cells: dict[str, list[Cell]] = {}
    for cell, problem in problems:
        if problem is not None:
            cells.setdefault(problem, []).append(cell)
    for problem, alike in cells.items():
        more = f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
        console.print(plain(f"{alike[0].label}{more}: {problem}", _STYLES["failed"]))


def _hint(results: Sequence[CellResult], store: Store) -> None:
    """Print how to draw the grid if that command is short, else how to see it again."""
    folders = {result.run.folder for result in results if result.run is not None}
    alone = {run.folder for run in store.runs()} == folders
    drawn = [f"{store.root}/*/"] if alone else sorted(map(str, folders))
    command = f"retrodict compare {' '.join(drawn)} --plot grid.png"
    if folders and len(command) <= _LONGEST_HINT:
        Console().say(f"to draw them: {command}")
    else:
        Console().say(f"runs: {store.root}; the same command shows them again")

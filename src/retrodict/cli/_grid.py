"""`retrodict run` on a grid: all cells in one table, failed ones marked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from retrodict.errors import CannotFinish, Interrupted
from retrodict.experiment import Cell, Grid, flow, short_names

if TYPE_CHECKING:
    from rich.table import Table

    from retrodict.cli._console import Console
    from retrodict.launch import Answer, Asked, CellResult
    from retrodict.runs import Store

_FAILED = "bold red"
_LONGEST_HINT = 200


def run_grid(grid: Grid, store: Store, keep_weights: bool, as_json: bool, launcher: Asked) -> None:
    """Run a grid and print all its cells; interrupted, print what is there.

    Raises:
        CannotFinish: every cell failed.
        Interrupted, KeyboardInterrupt: it was asked to stop.
    """
    from retrodict.cli._progress import Progress
    from retrodict.cli._provenance import tell_answers
    from retrodict.launch import execute_cells, look_up

    ended: dict[int, tuple[CellResult, dict[str, Any]]] = {}
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
            _show(grid, *_in_order(ended))
        raise
    results, facts = _in_order(ended)
    if as_json:
        _print_json(grid, results, facts)
    else:
        _show(grid, results, facts)
        _hint(results, store)
    runs = [result.run for result in results if result.run is not None]
    tell_answers(runs, launcher.answers, as_json)
    failed = [result for result in results if result.problem is not None]
    if len(failed) == len(results):
        first = failed[0]
        raise CannotFinish(
            f"all {len(failed)} cells failed; the first, {first.cell.label}: {first.problem}"
        )
    if lost := [result for result in failed if result.lost]:
        first = lost[0]
        raise CannotFinish(
            f"{len(lost)} of {len(results)} cells could not be finished; the first, "
            f"{first.cell.label}: {first.problem}"
        )
    if failed:
        print(f"retrodict: {len(failed)} of {len(results)} cells failed", file=sys.stderr)


def _in_order(
    ended: Mapping[int, tuple[CellResult, dict[str, Any]]],
) -> tuple[list[CellResult], list[dict[str, Any]]]:
    """Return results and facts in the grid's order, whatever ended first."""
    pairs = [ended[index] for index in sorted(ended)]
    return [result for result, _ in pairs], [facts for _, facts in pairs]


def show_plan(grid: Grid, as_json: bool) -> None:
    """Print every cell with its sizes or its problem; train nothing."""
    from retrodict.cli._dry_run import corpus_of, sizes

    plans: list[dict[str, Any]] = []
    for cell in grid.cells:
        plan: dict[str, Any] = {"settings": dict(cell.settings), "problem": cell.problem}
        if cell.experiment is not None:
            plan |= sizes(cell.experiment, corpus_of(cell.experiment))
        plans.append(plan)
    if as_json:
        _dump({"grid": grid.axes, "cells": plans})
        return
    from retrodict.cli._console import Console

    console = Console()
    names = ("vocabulary", "training_sentences", "steps", "parameters", "learners")
    table = _table(grid, [name.replace("_", "\n") for name in names])
    for cell, plan in zip(grid.cells, plans, strict=True):
        shown = [str(plan.get(name, "")) for name in names]
        style = _FAILED if cell.problem else None
        table.add_row(*_values(cell), *shown, "failed" if cell.problem else "valid", style=style)
    console.print(table)
    console.print(f"\n{len(grid.cells)} cells, parameters of one learner", highlight=False)
    _print_problems(console, [(cell, cell.problem) for cell in grid.cells])


def _show(grid: Grid, results: Sequence[CellResult], facts: Sequence[Mapping[str, Any]]) -> None:
    """Print one row a cell, then how many finished, and why the others did not."""
    from retrodict.cli._compare import NUMBERS, READING, READING_PREFERENCE, fits, numbers
    from retrodict.cli._console import Console

    console = Console()
    rows = [numbers(fact) for fact in facts]
    table = _filled(grid, results, rows, NUMBERS)
    for kept in (2, 0):  # on a narrow terminal, first accuracies lose their intervals
        if not fits(table, console):
            rows = [[*row[:kept], *(n.partition(" ±")[0] for n in row[kept:])] for row in rows]
            table = _filled(grid, results, rows, NUMBERS)
    console.print(table)
    status = [_status(result) for result in results]
    counts = [f"{status.count(word)} {word}" for word in ("failed", "unfinished") if word in status]
    finished = f"{status.count('finished')} of {len(results)} cells finished"
    console.print("\n" + ", ".join([finished, *counts]), highlight=False)
    _print_problems(console, [(result.cell, result.problem) for result in results])
    for result, fact in zip(results, facts, strict=True):
        lost = fact.get("diverged_learners", 0)
        if lost and result.problem is None:
            of = fact["experiment"]["training"]["learners"]
            said = f"{lost} of {of} learners became non-finite and are left out"
            console.print(f"{result.cell.label}: {said}", highlight=False, markup=False)
    console.print(f"{READING}\n{READING_PREFERENCE}", highlight=False)


def _filled(
    grid: Grid, results: Sequence[CellResult], rows: Sequence[list[str]], columns: Sequence[str]
) -> Table:
    table = _table(grid, columns)
    for result, row in zip(results, rows, strict=True):
        status = _status(result)
        style = {"failed": _FAILED, "unfinished": "dim"}.get(status)
        table.add_row(*_values(result.cell), *row, status, style=style)
    return table


def _table(grid: Grid, numbers: Sequence[str]) -> Table:
    """A table with a column an axis, some of numbers, and the status."""
    from retrodict.cli._compare import add_number_columns, new_table

    table = new_table()
    for name, short in short_names(grid.axes).items():
        wraps = any(isinstance(value, list | tuple | dict) for value in grid.axes[name])
        table.add_column(short, no_wrap=not wraps)
    add_number_columns(table, numbers)
    table.add_column("status", no_wrap=True)
    return table


def _values(cell: Cell) -> list[str]:
    from rich.markup import escape

    return [escape(flow(value)) for value in cell.settings.values()]


def _status(result: CellResult) -> str:
    if result.problem is not None:
        return "failed"
    return "finished" if result.run is not None else "unfinished"


def _facts(result: CellResult, answers: Mapping[str, Answer]) -> dict[str, Any]:
    """Read what there is to say of a run."""
    from retrodict.cli._provenance import answer_facts
    from retrodict.cli._views import run_facts

    if result.run is None:
        return {}
    return {**run_facts(result.run), **answer_facts(answers.get(result.run.folder.name))}


def _print_problems(console: Console, problems: Sequence[tuple[Cell, str | None]]) -> None:
    """Print why cells failed, each reason once."""
    cells: dict[str, list[Cell]] = {}
    for cell, problem in problems:
        if problem is not None:
            cells.setdefault(problem, []).append(cell)
    for problem, alike in cells.items():
        more = f" (and {len(alike) - 1} more)" if len(alike) > 1 else ""
        said = f"{alike[0].label}{more}: {problem}"
        console.print(said, style=_FAILED, highlight=False, markup=False)


def _print_json(
    grid: Grid, results: Sequence[CellResult], facts: Sequence[Mapping[str, Any]]
) -> None:
    cells = [
        {
            "settings": dict(result.cell.settings),
            **fact,
            "status": _status(result),
            "problem": result.problem,
        }
        for result, fact in zip(results, facts, strict=True)
    ]
    _dump({"grid": grid.axes, "cells": cells})


def _dump(content: Mapping[str, Any]) -> None:
    from retrodict.cli._streams import carried
    from retrodict.files import dumps

    print(carried(dumps(dict(content))))


def _hint(results: Sequence[CellResult], store: Store) -> None:
    """Say how to draw the grid, if that is a short command, and how to see it again."""
    from retrodict.cli._console import Console

    folders = {result.run.folder for result in results if result.run is not None}
    alone = {run.folder for run in store.runs()} == folders
    drawn = [f"{store.root}/*/"] if alone else sorted(map(str, folders))
    command = f"retrodict compare {' '.join(drawn)} --plot grid.png"
    if folders and len(command) <= _LONGEST_HINT:
        said = f"to draw them: {command}"
    else:
        said = f"runs: {store.root}; the same command answers from there"
    Console().print(said, highlight=False, markup=False, soft_wrap=True)

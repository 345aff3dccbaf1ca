"""`retrodict run` on a grid: all cells in one table; those that failed are marked."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rich.markup import escape
from rich.table import Column, Table

from retrodict.cli._console import Console, plain
from retrodict.cli._streams import print_json
from retrodict.cli._tables import (
    NUMBERS,
    READING,
    final_numbers,
    fitting,
    numbers,
    ruled_table,
    words,
)
from retrodict.errors import BadInput, CannotFinish, Interrupted
from retrodict.experiment import Cell, Grid, flow, short_names

if TYPE_CHECKING:
    from retrodict.launch import Answer, Asked, CellResult
    from retrodict.runs import Store

_FAILED = "bold red"
_LONGEST_HINT = 200
_SIZES = ("vocabulary", "training_sentences", "steps", "parameters", "learners")

Facts = Mapping[str, Any]


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
            _show(grid, *_in_order(ended))
        raise
    results, facts = _in_order(ended)
    _refuse_if_all_bad(results)
    if as_json:
        _print_json(grid, results, facts)
    else:
        _show(grid, results, facts)
        _hint(results, store)
    runs = [result.run for result in results if result.run is not None]
    tell_answers(runs, launcher.answers, as_json)
    _refuse_if_unfinished(results)


def _in_order(
    ended: Mapping[int, tuple[CellResult, Facts]],
) -> tuple[list[CellResult], list[Facts]]:
    """Return results and facts in the grid's order."""
    pairs = [ended[index] for index in sorted(ended)]
    return [result for result, _ in pairs], [facts for _, facts in pairs]


def _refuse_if_all_bad(results: Sequence[CellResult]) -> None:
    """Refuse a grid none of whose cells can be run, so that nothing was trained."""
    if not any(result.lost or result.run for result in results):
        first, more = results[0], f" (and {len(results) - 1} more)" if len(results) > 1 else ""
        raise BadInput(f"no cell can be run: {first.cell.label}{more}: {first.problem}")


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
        plan: dict[str, Any] = {"settings": dict(cell.settings), "problem": cell.problem}
        if cell.experiment is not None:
            plan |= sizes(cell.experiment, cell.experiment.corpus())
        plans.append(plan)
    if as_json:
        print_json({"grid": grid.axes, "cells": plans})
        return
    console = Console()
    table = _table(grid, [name.replace("_", "\n") for name in _SIZES])
    for cell, plan in zip(grid.cells, plans, strict=True):
        shown = [str(plan.get(name, "")) for name in _SIZES]
        style = _FAILED if cell.problem else None
        table.add_row(*_values(cell), *shown, "failed" if cell.problem else "valid", style=style)
    console.print(table)
    console.print(f"\n{len(grid.cells)} cells, parameters of one learner")
    _print_problems(console, [(cell, cell.problem) for cell in grid.cells])


def _show(grid: Grid, results: Sequence[CellResult], facts: Sequence[Facts]) -> None:
    """Print one row a cell, then how many finished, and why the others did not."""
    from retrodict.measures import BEATS_WRONG

    console = Console()
    # on a narrow terminal, numbers lose their intervals: first the accuracies, then all
    tables = (_filled(grid, results, facts, with_interval) for with_interval in (4, 2, 0))
    console.print(fitting(console, tables))
    status = [_status(result) for result in results]
    counts = [f"{status.count(word)} {word}" for word in ("failed", "unfinished") if word in status]
    finished = f"{status.count('finished')} of {len(results)} cells finished"
    console.print("\n" + ", ".join([finished, *counts]))
    _print_problems(console, [(result.cell, result.problem) for result in results])
    for result, fact in zip(results, facts, strict=True):
        lost = fact.get("diverged_learners", 0)
        if lost and result.problem is None:
            of = fact["experiment"]["training"]["learners"]
            said = f"{lost} of {of} learners became non-finite and are left out"
            console.print(plain(f"{result.cell.label}: {said}"))
    console.print(f"{READING}\naccuracy and 'beats wrong' are of validation; {BEATS_WRONG}")


def _filled(
    grid: Grid, results: Sequence[CellResult], facts: Sequence[Facts], with_interval: int
) -> Table:
    table = _table(grid, NUMBERS)
    for result, fact in zip(results, facts, strict=True):
        row = final_numbers(fact)
        row[with_interval:] = [cell.partition(" ±")[0] for cell in row[with_interval:]]
        status = _status(result)
        style = {"failed": _FAILED, "unfinished": "dim"}.get(status)
        table.add_row(*_values(result.cell), *row, status, style=style)
    return table


def _table(grid: Grid, columns: Sequence[str]) -> Table:
    """Return a table with columns for the axes, for numbers and for the status."""
    axes = [
        Column(short, no_wrap=not any(isinstance(v, list | tuple | dict) for v in grid.axes[name]))
        for name, short in short_names(grid.axes).items()
    ]
    return ruled_table(*axes, *numbers(*columns), *words("status"))


def _values(cell: Cell) -> list[str]:
    return [escape(flow(value)) for value in cell.settings.values()]


def _status(result: CellResult) -> str:
    if result.problem is not None:
        return "failed"
    return "finished" if result.run is not None else "unfinished"


def _facts(result: CellResult, answers: Mapping[str, Answer]) -> Facts:
    from retrodict.cli._provenance import answer_facts
    from retrodict.cli._results import run_facts

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
        console.print(plain(f"{alike[0].label}{more}: {problem}", _FAILED))


def _print_json(grid: Grid, results: Sequence[CellResult], facts: Sequence[Facts]) -> None:
    cells = [
        {
            "settings": dict(result.cell.settings),
            **fact,
            "status": _status(result),
            "problem": result.problem,
        }
        for result, fact in zip(results, facts, strict=True)
    ]
    print_json({"grid": grid.axes, "cells": cells})


def _hint(results: Sequence[CellResult], store: Store) -> None:
    """Say how to draw the grid if that command is short; else, how to see it again."""
    folders = {result.run.folder for result in results if result.run is not None}
    alone = {run.folder for run in store.runs()} == folders
    drawn = [f"{store.root}/*/"] if alone else sorted(map(str, folders))
    command = f"retrodict compare {' '.join(drawn)} --plot grid.png"
    if folders and len(command) <= _LONGEST_HINT:
        Console().say(f"to draw them: {command}")
    else:
        Console().say(f"runs: {store.root}; the same command answers from there")

"""Run a grid. If a cell fails, its result says why, and the others continue."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Cell, Grid, Placed, flow, short_names
from retrodict.launch._launcher import LOCAL, Launcher, require_writable_if_needed
from retrodict.launch._local import Job, Reporter
from retrodict.runs import Run, Store


@dataclass(frozen=True)
class CellResult:
    """How one cell of a grid ended. With neither run nor problem it is not finished yet.

    Attributes:
        cell: the cell.
        run: its finished run.
        problem: why it failed, in one line.
        lost: whether the cause lies outside the cell: a lost worker, a damaged run.
    """

    cell: Cell
    run: Run | None
    problem: str | None
    lost: bool = False

    def without_trace(self) -> CellResult:
        """Return the same result with the trace unloaded, since many traces may fill memory."""
        return replace(self, run=self.run and Run(self.run.folder))


def execute_grid(
    grid: Grid,
    store: Store,
    reporter: Reporter,
    keep_weights: bool = True,
    launcher: Launcher = LOCAL,
) -> list[CellResult]:
    """Run all cells of a grid; return their results in the grid's order.

    Cells that the store has are not trained. A cell fails if all its learners became non-finite.
    Arguments are those of `run_named`.

    Raises:
        BadInput: the store cannot be written to, or the launcher can run no cell.
        CannotFinish: the disk is full.
        Interrupted, KeyboardInterrupt: it was asked to stop; the same call continues.
    """
    ended = execute_cells(grid, store, reporter, keep_weights, launcher)
    results = {index: result.without_trace() for index, result in ended}
    return [results[index] for index in range(len(grid.cells))]


def execute_cells(
    grid: Grid,
    store: Store,
    reporter: Reporter,
    keep_weights: bool = True,
    launcher: Launcher = LOCAL,
) -> Iterator[tuple[int, CellResult]]:
    """Run a grid as `execute_grid` does; yield each cell's index and result as it ends.

    Cells end in any order. Traces are in memory: keep results `without_trace`.
    """
    jobs: dict[int, Job] = {}
    errors: dict[int, BadInput] = {}
    for index, cell in enumerate(grid.cells):
        placed = _placed(cell, launcher)
        if isinstance(placed, Placed):
            jobs[index] = Job(placed, _short(cell.settings))
        else:
            errors[index] = placed
    if not jobs:
        raise errors[0]
    require_writable_if_needed(jobs.values(), store)
    for index, error in errors.items():
        yield index, CellResult(grid.cells[index], None, str(error))
    indices = list(jobs)
    for ended in launcher.execute_all(list(jobs.values()), store, reporter, keep_weights):
        index = indices[ended.index]
        yield index, _result(grid.cells[index], ended.run, ended.error)


def look_up(cell: Cell, store: Store, launcher: Launcher = LOCAL) -> CellResult:
    """Return the result of a cell from the store, without training."""
    placed = _placed(cell, launcher)
    if not isinstance(placed, Placed):
        return CellResult(cell, None, str(placed))
    run = store.run(placed)
    try:
        return _result(cell, run if run.finished else None, None)
    except CannotFinish as error:
        return CellResult(cell, None, str(error))


def _placed(cell: Cell, launcher: Launcher) -> Placed | BadInput:
    """Place a cell's experiment, or return why it is invalid or cannot run."""
    if cell.experiment is None:
        return BadInput(cell.problem)
    try:
        return launcher.place(cell.experiment)
    except BadInput as error:
        return error


def _result(cell: Cell, run: Run | None, error: BadInput | CannotFinish | None) -> CellResult:
    if run is None:
        lost = isinstance(error, CannotFinish)
        return CellResult(cell, None, None if error is None else str(error), lost)
    try:
        return CellResult(cell, run, all_diverged(run))
    except CannotFinish as damaged:
        return CellResult(cell, None, str(damaged), lost=True)


def all_diverged(run: Run) -> str | None:
    """Return a line that says that all learners of a finished run became non-finite, or None."""
    diverged = run.trace.curves["diverged_at"]
    if not diverged.notnull().all():
        return None
    return (
        f"all {diverged.size} learners became non-finite, the first at epoch "
        f"{int(diverged.min())}; a lower optimizer.lr may help"
    )


def _short(settings: Mapping[str, Any]) -> str:
    names = short_names(settings)
    return ", ".join(f"{names[key]}={flow(value)}" for key, value in settings.items())

"""Run a grid, cell after cell: what fails in one cell is marked there, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrodict._atomic import DISK_FULL_ADVICE
from retrodict.errors import OUT_OF_MEMORY, BadInput, CannotFinish, is_out_of_memory
from retrodict.experiment import flow
from retrodict.grid import Cell, Grid, short_names
from retrodict.launch._local import Reporter, execute
from retrodict.runs import Run, Store, require_writable


@dataclass(frozen=True)
class CellResult:
    """How one cell of a grid ended.

    Attributes:
        cell: which.
        run: its run; None if it has none that is finished.
        problem: why it failed, in one line; None if it did not. Neither run nor problem: the cell
            has not been run to its end yet.
    """

    cell: Cell
    run: Run | None
    problem: str | None

    def without_trace(self) -> CellResult:
        """The same, without the trace in memory: of many cells that may be a lot."""
        run = self.run and Run(self.run.folder)
        return CellResult(self.cell, run, self.problem)


def execute_grid(
    grid: Grid, store: Store, reporter: Reporter, keep_weights: bool = True
) -> list[CellResult]:
    """Run all cells of a grid, one after another, training what is missing.

    A cell that fails says why in its result, and the others go on; so does one all of whose
    learners became non-finite.

    Args:
        grid: what to run.
        store: where runs are found and kept; asked again, finished cells are answered from it.
        reporter: is told about progress.
        keep_weights: whether final weights are kept in the runs.

    Raises:
        BadInput: the store cannot be written to, or no cell fits this machine.
        CannotFinish: the disk is full, which no other cell would survive either.
        Interrupted: it was asked to stop; asked again, it goes on.
    """
    cells = execute_cells(grid, store, reporter, keep_weights)
    return [result.without_trace() for result in cells]


def execute_cells(
    grid: Grid, store: Store, reporter: Reporter, keep_weights: bool = True
) -> Iterator[CellResult]:
    """Run a grid as `execute_grid` does, and yield each cell's result as soon as it is there.

    Its trace is in memory: whoever keeps results keeps them `without_trace`.
    """
    _require_one_that_fits(grid)
    require_writable(store.root)
    for number, cell in enumerate(grid.cells, start=1):
        reporter.cell(number, len(grid.cells), _short(cell.settings))
        yield _execute(cell, store, reporter, keep_weights)


def look_up(cell: Cell, store: Store) -> CellResult:
    """Say what the store knows of a cell, and train nothing."""
    if cell.experiment is None:
        return CellResult(cell, None, cell.problem)
    try:
        run = store.run(cell.experiment.resolved())
        return _ended(cell, run) if run.finished else CellResult(cell, None, None)
    except (BadInput, CannotFinish) as error:
        return CellResult(cell, None, str(error))


def _execute(cell: Cell, store: Store, reporter: Reporter, keep_weights: bool) -> CellResult:
    if cell.experiment is None:
        return CellResult(cell, None, cell.problem)
    try:
        return _ended(cell, execute(cell.experiment, store, reporter, keep_weights))
    except CannotFinish as error:
        if DISK_FULL_ADVICE in str(error):
            raise
        return CellResult(cell, None, str(error))
    except BadInput as error:
        return CellResult(cell, None, str(error))
    except Exception as error:
        if is_out_of_memory(error):
            return CellResult(cell, None, OUT_OF_MEMORY)
        raise


def _ended(cell: Cell, run: Run) -> CellResult:
    """Say how a finished run ended.

    Raises:
        CannotFinish: its trace is damaged.
    """
    ended = run.trace.curves["diverged_at"]
    problem = None
    if ended.notnull().all():
        problem = (
            f"all {ended.size} learners became non-finite, the first at epoch {int(ended.min())}; "
            "a lower optimizer.lr may help"
        )
    return CellResult(cell, run, problem)


def _require_one_that_fits(grid: Grid) -> None:
    """Refuse, before anything is written, a grid of which this machine cannot run any cell."""
    first = None
    for cell in grid.cells:
        if cell.experiment is not None:
            try:
                cell.experiment.resolved()
            except BadInput as error:
                first = first or error
            else:
                return
    if first is not None:
        raise first


def _short(settings: Mapping[str, Any]) -> str:
    names = short_names(settings)
    return ", ".join(f"{names[key]}={flow(value)}" for key, value in settings.items())

"""Run a grid: what fails in one cell is marked there, and the rest goes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import Cell, Experiment, Grid, flow, short_names
from retrodict.launch._job import Job
from retrodict.launch._launcher import LOCAL, Launcher, require_writable_if_needed
from retrodict.launch._local import Reporter
from retrodict.runs import Run, Store


@dataclass(frozen=True)
class CellResult:
    """How one cell of a grid ended.

    Attributes:
        cell: which.
        run: its run; None if it has none that is finished.
        problem: why it failed, in one line; None if it did not. Neither run nor problem: the cell
            has not been run to its end yet.
        lost: whether that was no fault of its values: a lost worker, a damaged run.
    """

    cell: Cell
    run: Run | None
    problem: str | None
    lost: bool = False

    def without_trace(self) -> CellResult:
        """The same, without the trace in memory: of many cells that may be a lot."""
        run = self.run and Run(self.run.folder)
        return CellResult(self.cell, run, self.problem, self.lost)


def execute_grid(
    grid: Grid,
    store: Store,
    reporter: Reporter,
    keep_weights: bool = True,
    launcher: Launcher = LOCAL,
) -> list[CellResult]:
    """Run all cells of a grid, training what is missing.

    A cell that fails says why in its result, and the others go on; so does one all of whose
    learners became non-finite.

    Args:
        grid: what to run.
        store: where runs are found and kept; asked again, finished cells are answered from it.
        reporter: is told about progress.
        keep_weights: whether final weights are kept in the runs.
        launcher: where they run.

    Returns:
        One result a cell, in the grid's order.

    Raises:
        BadInput: the store cannot be written to, or no cell can run where it should.
        CannotFinish: the disk is full, which no other cell would survive either.
        Interrupted, KeyboardInterrupt: it was asked to stop; asked again, it goes on.
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
    """Run a grid as `execute_grid` does; yield each cell's index and result when it is there.

    They come in any order. The trace is in memory: whoever keeps results keeps them
    `without_trace`.
    """
    placed = [_placed(cell, launcher) for cell in grid.cells]
    errors = [one for one in placed if isinstance(one, BadInput)]
    if len(errors) == len(placed):
        raise errors[0]
    jobs: dict[int, Job] = {}
    for index, (cell, one) in enumerate(zip(grid.cells, placed, strict=True)):
        if isinstance(one, Experiment):
            jobs[index] = Job(one, _short(cell.settings))
    require_writable_if_needed(jobs.values(), store)
    for index, (cell, one) in enumerate(zip(grid.cells, placed, strict=True)):
        if isinstance(one, BadInput):
            yield index, CellResult(cell, None, str(one))
    indices = list(jobs)
    for ended in launcher.execute_all(list(jobs.values()), store, reporter, keep_weights):
        index = indices[ended.index]
        yield index, _result(grid.cells[index], ended.run, ended.error)


def look_up(cell: Cell, store: Store, launcher: Launcher = LOCAL) -> CellResult:
    """Say what the store knows of a cell, and train nothing."""
    placed = _placed(cell, launcher)
    if not isinstance(placed, Experiment):
        return CellResult(cell, None, str(placed))
    run = store.run(placed)
    try:
        return _result(cell, run if run.finished else None, None)
    except CannotFinish as error:
        return CellResult(cell, None, str(error))


def _placed(cell: Cell, launcher: Launcher) -> Experiment | BadInput:
    """Resolve a cell's experiment, or say why it is none or cannot run."""
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
    """Return a line that says that all learners of a finished run became non-finite, or None.

    Raises:
        CannotFinish: its trace is damaged.
    """
    ended = run.trace.curves["diverged_at"]
    if not ended.notnull().all():
        return None
    return (
        f"all {ended.size} learners became non-finite, the first at epoch {int(ended.min())}; "
        "a lower optimizer.lr may help"
    )


def _short(settings: Mapping[str, Any]) -> str:
    names = short_names(settings)
    return ", ".join(f"{names[key]}={flow(value)}" for key, value in settings.items())

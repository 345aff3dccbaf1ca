"""Running grids: what fails is marked, what is finished is kept."""

from __future__ import annotations

import pytest

from retrodict import BadInput, CannotFinish, Experiment, Grid
from retrodict.errors import Interrupted
from retrodict.launch import _launcher, execute_cells, execute_grid, look_up
from retrodict.runs import Store

pytestmark = pytest.mark.seconds


@pytest.fixture
def tiny() -> Experiment:
    return Experiment.from_text(
        "task: {kind: reversal, vocab_size: 24}\nmodel: {n_layer: 1, n_head: 2, d_model: 16}\n"
        "training: {epochs: 2, batch_size: 8, learners: 3, threads: 1}\n"
        "record: {every: 1, weights_at: []}"
    )


@pytest.fixture
def store(tmp_path) -> Store:
    return Store(tmp_path / "store")


@pytest.fixture
def failing(monkeypatch):
    """Let the cell with a seed (None: no cell) raise an error instead of training."""
    real = _launcher.execute

    def fail(seed: int | None, error: BaseException) -> None:
        def execute(experiment, *rest):
            if experiment.training.seed == seed:
                raise error
            return real(experiment, *rest)

        monkeypatch.setattr(_launcher, "execute", execute)

    return fail


def seeds(tiny: Experiment) -> Grid:
    return Grid.of(tiny, {"training.seed": [10, 20]})


def test_every_cell_is_run_and_named(tiny, store, quiet):
    results = execute_grid(
        Grid.of(tiny, {"task.vocab_size": [16, 24], "training.seed": [0]}), store, quiet
    )
    assert [result.problem for result in results] == [None, None]
    assert [result.run.experiment.task.vocab_size for result in results] == [16, 24]
    assert quiet.cells == ["1/2 vocab_size=16, seed=0", "2/2 vocab_size=24, seed=0"]
    assert all("trace" not in vars(result.run) for result in results)  # not kept in memory


def test_a_combination_that_does_not_fit_fails_and_the_others_run(tiny, store, quiet):
    results = execute_grid(Grid.of(tiny, {"model.n_head": [3, 2]}), store, quiet)
    assert results[0].run is None
    assert "does not divide" in results[0].problem
    assert results[1].run.status == "finished"


def test_a_cell_whose_learners_all_became_non_finite_failed(tiny, store, quiet):
    results = execute_grid(Grid.of(tiny, {"optimizer.lr": [1e30, 0.01]}), store, quiet)
    assert results[0].problem.startswith("all 3 learners became non-finite, the first at epoch 1")
    assert results[1].problem is None


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (BadInput("too large"), "too large"),
        (CannotFinish("damaged run"), "damaged run"),
        (MemoryError(), "does not fit into memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory"), "does not fit into memory"),
    ],
)
def test_the_failure_of_a_cell_affects_no_other(tiny, store, failing, error, says, quiet):
    failing(10, error)
    results = execute_grid(seeds(tiny), store, quiet)
    assert says in results[0].problem
    assert results[1].problem is None


@pytest.mark.parametrize(
    "error",
    [Interrupted(3), KeyboardInterrupt(), CannotFinish("x: the disk is full; free some space and "
     "run the same command again"), ValueError("a bug")],
)  # fmt: skip
def test_fatal_errors_end_the_grid(tiny, store, failing, error, quiet):
    failing(10, error)
    with pytest.raises(type(error)):
        execute_grid(seeds(tiny), store, quiet)


def test_what_was_finished_before_an_interrupt_is_answered_from_the_store(
    tiny, store, failing, quiet
):
    failing(20, Interrupted(3))
    with pytest.raises(Interrupted):
        execute_grid(seeds(tiny), store, quiet)
    found = [look_up(cell, store) for cell in seeds(tiny).cells]
    assert [one.run is not None for one in found] == [True, False]
    assert [one.problem for one in found] == [None] * 2
    failing(None, Interrupted(3))
    results = execute_grid(seeds(tiny), store, quiet)
    assert all(result.problem is None for result in results)
    events = [event["event"] for event in results[0].run.events()]
    assert events == ["started", "finished"]


def test_two_cells_that_are_the_same_experiment_are_one_run(tiny, store, quiet):
    results = execute_grid(Grid.of(tiny, {"record.weights_at": [[0], [0, 99]]}), store, quiet)
    assert results[0].run.folder == results[1].run.folder


def test_results_come_one_by_one(tiny, store, quiet):
    cells = execute_cells(seeds(tiny), store, quiet)
    index, result = next(cells)
    assert (index, result.run is not None) == (0, True)
    assert len(store.runs()) == 1


def test_a_store_that_cannot_be_written_ends_the_grid_before_its_first_cell(tiny, tmp_path, quiet):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="cannot be written to"):
        execute_grid(seeds(tiny), Store(tmp_path / "file" / "x"), quiet)
    assert quiet.cells == []


def test_a_grid_for_another_machine_is_bad_input_and_writes_nothing(tiny, store, quiet):
    elsewhere = Grid.of(tiny, {"training.device": ["cuda:98", "cuda:99"]})
    with pytest.raises(BadInput, match="cuda:98 does not exist here"):
        execute_grid(elsewhere, store, quiet)
    assert not store.root.exists()
    half = execute_grid(Grid.of(tiny, {"training.device": ["cuda:99", "cpu"]}), store, quiet)
    assert "cuda:99 does not exist here" in half[0].problem
    assert half[1].problem is None


def test_a_damaged_run_is_a_failed_cell(tiny, store, quiet):
    (first, *_) = execute_grid(seeds(tiny), store, quiet)
    (first.run.folder / "trace.nc").write_bytes(b"")
    again = execute_grid(seeds(tiny), store, quiet)
    assert "damaged" in again[0].problem
    assert again[1].problem is None
    assert "damaged" in look_up(again[0].cell, store).problem

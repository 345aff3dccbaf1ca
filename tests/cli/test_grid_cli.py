"""`retrodict run` on grids, and `retrodict compare`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrodict.cli import _progress
from retrodict.cli._exit import run_cli
from retrodict.errors import Interrupted
from retrodict.launch import _launcher
from retrodict.runs import Run

pytestmark = pytest.mark.seconds

BASE = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
training: {epochs: 4, batch_size: 8, learners: 2, threads: 1}
record: {every: 2, weights_at: []}
"""
MIXED = "grid: {optimizer.lr: [0.01, 1.0e+30], model.n_head: [2, 3]}"


@pytest.fixture
def write(tmp_path):
    """Write a grid's file."""

    def writing(text: str) -> Path:
        path = tmp_path / "grid.yaml"
        path.write_text(BASE + text, encoding="utf-8")
        return path

    return writing


def test_all_cells_are_in_one_table_and_failed_ones_are_marked(command, write, tmp_path):
    code, out, err = command("run", write(MIXED), "--out", tmp_path / "s")
    assert code == 0
    assert [out.count(word) for word in ("finished ", "failed ")] == [1, 3]
    assert "1 of 4 cells finished, 3 failed" in out
    assert "optimizer.lr=0.01, model.n_head=3 (and 1 more): model: n_head 3 does" in out
    assert "all 2 learners became" in out
    assert max(map(len, out.splitlines()[:-1])) <= 80
    assert err == "retrodict: 3 of 4 cells failed\n"


def test_json_is_one_document_with_every_cell(command, write, tmp_path):
    code, out, _ = command("run", write(MIXED), "--out", tmp_path / "s", "--json")
    found = json.loads(out)
    assert code == 0
    assert found["grid"] == {"optimizer.lr": [0.01, 1e30], "model.n_head": [2, 3]}
    assert [cell["status"] for cell in found["cells"]] == ["finished", *["failed"] * 3]
    first, second, third, _ = found["cells"]
    assert first["settings"] == {"optimizer.lr": 0.01, "model.n_head": 2}
    assert first["problem"] is None
    assert first["final"]["validation"]["nll"]["learners"] == 2
    assert "does not divide" in second["problem"]
    assert "run" not in second
    assert third["diverged_learners"] == 2


def test_if_every_cell_fails_the_exit_code_is_3(command, write, tmp_path):
    path = write("grid: {optimizer.lr: [1.0e+30, 1.0e+31]}")
    code, out, err = command("run", path, "--out", tmp_path / "s")
    assert code == 3
    assert "0 of 2 cells finished, 2 failed" in out
    assert err.count("\n") == 1
    assert "all 2 cells failed; the first, optimizer.lr=1e+30: all 2 learners" in err


def test_a_grid_of_which_no_cell_can_be_run_is_bad_input(command, write, tmp_path):
    path = write("grid: {model.d_model: [100000000, 200000000]}")
    code, out, err = command("run", path, "--out", tmp_path / "s")
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert "no cell can be run: model.d_model=100000000 (and 1 more): model: one learner" in err


def test_learners_that_were_lost_are_counted(command, write, tmp_path, monkeypatch):
    real = _launcher.execute

    def one_lost(*asked):
        run = real(*asked)
        run.trace.curves["diverged_at"][0] = 1
        return run

    monkeypatch.setattr(_launcher, "execute", one_lost)
    path = write("grid: {training.seed: [0]}")
    code, out, _ = command("run", path, "--out", tmp_path / "s")
    assert code == 0
    assert "training.seed=0: 1 of 2 learners became non-finite and are left out" in out


def test_a_dry_run_shows_every_cell_and_writes_nothing(command, write, tmp_path):
    path = write("grid: {task.vocab_size: [4, 24]}")
    code, out, _ = command("run", path, "--out", tmp_path / "s", "--dry-run")
    assert code == 0
    assert "valid" in out
    assert "task.vocab_size=4: task: vocab_size 4 gives" in out
    assert not (tmp_path / "s").exists()
    _, out, _ = command("run", path, "--dry-run", "--json")
    four, twenty_four = json.loads(out)["cells"]
    assert "smallest vocab_size" in four["problem"]
    assert twenty_four["vocabulary"] == 26
    assert twenty_four["parameters"] == 4176


def test_an_interrupted_grid_shows_what_there_is_and_goes_on(command, write, tmp_path, monkeypatch):
    path, store = write("grid: {training.seed: [0, 10]}"), tmp_path / "s"
    real = _launcher.execute

    def stopped(experiment, *rest):
        if experiment.training.seed:
            raise Interrupted(3)
        return real(experiment, *rest)

    monkeypatch.setattr(_launcher, "execute", stopped)
    code, out, err = command("run", path, "--out", store)
    assert code == 130
    assert "1 of 2 cells finished, 1 unfinished" in out
    assert "stopped after epoch 3" in err
    code, out, _ = command("run", path, "--out", store, "--json")
    assert (code, out) == (130, "")
    monkeypatch.setattr(_launcher, "execute", real)
    code, out, _ = command("run", path, "--out", store)
    assert code == 0
    assert "2 of 2 cells finished" in out


TOO_MANY = f"grid: {{training.seed: {list(range(101))}, training.epochs: {list(range(101))}}}"
BAD = {
    "not a mapping": ("grid: 5", [], "grid: expected a mapping"),
    "empty": ("grid: {}", [], "grid: has no axes"),
    "not a list": ("grid: {optimizer.lr: 0.1}", [], "expected a list of values"),
    "no values": ("grid: {optimizer.lr: []}", [], "has no values"),
    "twice": ("grid: {optimizer.lr: [1, 1]}", [], "1 appears twice"),
    "unknown section": ("grid: {optimiser.lr: [1]}", [], "did you mean 'optimizer'"),
    "unknown key": ("grid: {optimizer.l: [1]}", [], "grid.yaml:6: grid.optimizer.l: unknown key"),
    "wrong type": ("grid: {task.vocab_size: [x]}", [], "integer, got 'x'"),
    "out of range": ("grid: {optimizer.lr: [1, -1]}", [], "got -1"),
    "no valid cell": ("grid: {model.n_head: [3]}", [], "no cell is valid"),
    "too many": (TOO_MANY, [], "10201 cells are more than the 10000"),
    "axis set": ("grid: {optimizer.lr: [1]}", ["--set", "optimizer.lr=2"], "is an axis"),
    "no device": ("grid: {training.device: ['cuda:99']}", [], "does not exist here"),
    "unwritable": ("grid: {optimizer.lr: [1]}", ["--out", "grid.yaml/x"], "cannot be written"),
}


@pytest.mark.parametrize(("text", "options", "says"), BAD.values(), ids=BAD.keys())
def test_a_bad_grid_is_one_line_and_exit_2_and_writes_nothing(
    command, write, tmp_path, monkeypatch, text, options, says
):
    monkeypatch.chdir(tmp_path)
    path = write(text)
    before = sorted(tmp_path.iterdir())
    code, out, err = command("run", path, *options)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
    assert sorted(tmp_path.iterdir()) == before


def test_progress_names_the_cell(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(_progress, "_LINE_SECONDS", -1.0)
    run = Run(tmp_path / "r")
    with _progress.Progress() as progress:
        progress.cell(3, 8, "vocab_size=50")
        progress.training(run, 1, 9)
        progress.training(run, 2, 9)
    said = capsys.readouterr().err
    assert "3/8 vocab_size=50: continues from epoch 1" in said
    assert "3/8 vocab_size=50: epoch 2/9" in said


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """Runs of different kinds, one of them diverged."""
    folder = tmp_path_factory.mktemp("kinds")
    one = folder / "one.yaml"
    one.write_text(BASE, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tempfile.tempdir", str(folder))  # does not queue for the machine's cores
        for path, axis in (
            (_pairs(folder), "task.backward=[all, all_but_first]"),
            (one, "optimizer.lr=[0.01, 1.0e+30]"),
        ):
            run_cli(["run", str(path), "--out", str(folder / "s"), "--set", f"grid.{axis}"])
    return sorted((folder / "s").glob("*/"))


def _pairs(folder: Path) -> Path:
    path = folder / "pairs.yaml"
    path.write_text(
        "task: {kind: pairs, n: 3, m: 8}\nmodel: {kind: bilinear, d: 20}\n"
        "training: {epochs: 5, learners: 2, threads: 1}",
        encoding="utf-8",
    )
    return path


def test_runs_of_different_kinds_are_compared_in_80_columns(command, kinds):
    code, out, _ = command("compare", *kinds)
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for folder in kinds:
        assert folder.name[-12:] in out
    assert "failed: all 2 learners became non-finite" in out
    assert "these settings differ too" in out


def test_the_json_of_a_comparison_has_all_that_differs(command, kinds):
    _, out, _ = command("compare", *kinds, "--json")
    found = json.loads(out)
    assert {"task.kind", "model.kind", "task.vocab_size", "task.backward"} <= set(found["differ"])
    assert [Path(run["run"]) for run in found["runs"]] == kinds
    assert found["runs"][0]["settings"]["task.vocab_size"] is None


@pytest.mark.parametrize("suffix", ["png", "PDF"])
def test_a_comparison_is_drawn_into_a_file(command, kinds, tmp_path, suffix):
    target = tmp_path / f"plot.{suffix}"
    code, out, _ = command("compare", *kinds, "--plot", target)
    assert code == 0
    assert f"wrote {target}" in out.replace("\n", "")
    assert target.read_bytes()[:4] in (b"\x89PNG", b"%PDF")
    _, out, _ = command("compare", *kinds, "--plot", target, "--json")
    assert json.loads(out)["files"] == [str(target)]


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("plot.svg", "must end with .png or .pdf"),
        ("plot", "must end with"),
        ("nowhere/plot.png", "there is no folder nowhere"),
        ("folder.png", "is a folder"),
    ],
)
def test_a_drawing_that_cannot_be_is_refused(command, kinds, tmp_path, monkeypatch, target, says):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    before = sorted(tmp_path.iterdir())
    code, out, err = command("compare", *kinds, "--plot", target)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert says in err
    assert sorted(tmp_path.iterdir()) == before


def test_runs_that_did_not_finish_cannot_be_drawn(command, write, tmp_path, tiny):
    from retrodict.runs import Store

    run = Store(tmp_path / "s").prepare(tiny.placed())
    run.begin(tiny.placed())
    code, out, err = command("compare", run.folder, "--plot", tmp_path / "x.png")
    assert (code, out) == (2, "")
    assert "none of these runs is finished" in err
    code, out, _ = command("compare", run.folder)
    assert code == 0
    assert "is not finished (started)" in out


def test_the_example_is_a_grid_of_six_valid_cells():
    from retrodict import Grid

    example = Grid.from_yaml(Path(__file__).parents[2] / "examples" / "grid.yaml")
    assert len(example.cells) == 6
    assert all(cell.problem is None for cell in example.cells)

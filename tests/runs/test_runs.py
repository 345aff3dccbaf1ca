"""The run store: found again, resumed, damaged, full."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import pytest
import torch

from retrodict import BadInput, CannotFinish, open_run
from retrodict.errors import Interrupted
from retrodict.launch import execute
from retrodict.runs import Run, Store
from retrodict.training import Hooks, train

pytestmark = pytest.mark.seconds


@pytest.fixture
def finished(tiny, tmp_path, quiet) -> Run:
    return execute(tiny.placed(), Store(tmp_path / "store"), quiet)


def test_a_run_holds_what_training_gave(tiny, finished):
    outcome = train(tiny.placed())
    assert finished.status == "finished"
    assert finished.trace.identical(outcome.trace)
    weights = finished.weights()
    assert weights.keys() == outcome.weights.keys()
    assert all(torch.equal(weights[name], outcome.weights[name]) for name in weights)
    assert finished.experiment == tiny.placed()
    assert finished.made_by[-1]["versions"]["torch"] == torch.__version__


def test_the_folder_holds_these_files_and_no_pickle(finished):
    names = {path.name for path in finished.folder.iterdir() if not path.name.startswith(".")}
    assert names == {
        "experiment.yaml",
        "environment.json",
        "run.json",
        "trace.nc",
        "weights.safetensors",
        "log.jsonl",
    }


def test_the_same_experiment_is_answered_from_the_store(tiny, finished, monkeypatch, quiet):
    monkeypatch.setattr("retrodict.training.train", None)
    before = list(quiet.epochs)
    again = execute(tiny.placed(), Store(finished.folder.parent), quiet)
    assert again.folder == finished.folder
    assert again.trace.identical(finished.trace)
    assert (quiet.epochs, quiet.cells, quiet.overviews) == (before, [], [])


def test_a_home_in_text_is_found_and_a_path_is_taken_as_it_is(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert Store("~/runs").root == tmp_path / "runs"
    assert Store("./~").root == Store(Path("~")).root == Path("~")


def test_another_experiment_has_another_folder(tiny, finished, quiet):
    other = execute(
        tiny.with_overrides("training.seed=9").placed(), Store(finished.folder.parent), quiet
    )
    assert other.folder != finished.folder
    assert len(Store(finished.folder.parent).runs()) == 2


def test_weights_can_be_discarded(tiny, tmp_path, quiet):
    run = execute(tiny.placed(), Store(tmp_path), quiet, keep_weights=False)
    assert run.finished
    with pytest.raises(CannotFinish, match="was not kept"):
        run.weights()


def interrupt(tiny, folder, after: int) -> Run:
    """Leave a run behind that was stopped after some epochs."""
    experiment = tiny.placed()
    run = Store(folder).prepare(experiment)
    run.begin(experiment)
    done: list[int] = []
    hooks = Hooks(progress=done.append, stop=lambda: done[-1] == after, checkpoint=run.checkpoint)
    with pytest.raises(Interrupted):
        train(experiment, hooks)
    return run


def test_an_interrupted_run_continues_with_the_same_bits(tiny, tmp_path, finished, quiet):
    run = interrupt(tiny, tmp_path, after=3)
    assert run.status == "interrupted"
    quiet.epochs.clear()
    execute(tiny.placed(), Store(tmp_path), quiet)
    assert quiet.epochs[0] == 3
    assert run.trace.identical(finished.trace)
    assert not run.checkpoint.exists()


def damage(path, change) -> None:
    path.write_bytes(change(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("trace.nc", lambda b: b[: len(b) // 2], "trace.nc: damaged: fails its checksum"),
        ("trace.nc", lambda b: b[:-1] + bytes([b[-1] ^ 1]), "trace.nc: damaged"),
        ("run.json", lambda b: b"{", "run.json: damaged"),
        ("run.json", lambda b: b"[]", "run.json: damaged"),
        ("run.json", lambda b: b'{"format": 1}', "run.json: damaged"),
        ("run.json", lambda b: b.replace(b'"format": 2', b'"format": 0'), "format 0 is older"),
        ("experiment.yaml", lambda b: b.replace(b"lr: 0.01", b"lr: 0.02"), "was changed"),
        ("experiment.yaml", lambda b: b[:20], "experiment.yaml: damaged: "),
    ],
)
def test_a_damaged_run_is_named_and_not_touched(tiny, finished, name, change, says, quiet):
    path = finished.folder / name
    damage(path, change)
    before = {p: p.read_bytes() for p in finished.folder.iterdir()}
    with pytest.raises(CannotFinish, match=says) as refused:
        _ = execute(tiny.placed(), Store(finished.folder.parent), quiet).trace
    assert "\n" not in str(refused.value)
    assert {p: p.read_bytes() for p in finished.folder.iterdir()} == before


def test_a_missing_trace_is_named(finished):
    (finished.folder / "trace.nc").unlink()
    with pytest.raises(CannotFinish, match="is missing"):
        _ = open_run(finished.folder).trace


def test_damaged_weights_are_named(finished):
    damage(finished.folder / "weights.safetensors", lambda b: b[:-1] + b"x")
    with pytest.raises(CannotFinish, match=r"weights.safetensors: damaged"):
        finished.weights()


def test_a_damaged_checkpoint_is_named_and_kept(tiny, tmp_path, quiet):
    run = interrupt(tiny, tmp_path, after=2)
    damage(run.checkpoint, lambda b: b[:-1] + bytes([b[-1] ^ 1]))
    with pytest.raises(CannotFinish, match=r"fails its checksum; move it away"):
        execute(tiny.placed(), Store(tmp_path), quiet)
    assert run.checkpoint.exists()


def test_a_full_disk_keeps_the_checkpoint_and_the_run_resumes(
    tiny, tmp_path, monkeypatch, finished, quiet
):
    run = interrupt(tiny, tmp_path, after=3)

    def full(self, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("retrodict.trace._trace.Trace.save", full)
        with pytest.raises(CannotFinish, match=r"trace\.nc: the disk is full"):
            execute(tiny.placed(), Store(tmp_path), quiet)
    assert run.status == "interrupted"
    assert not list(run.folder.glob(".*.tmp"))
    assert execute(tiny.placed(), Store(tmp_path), quiet).trace.identical(finished.trace)


def test_a_store_that_cannot_be_written_is_bad_input(tiny, tmp_path, quiet):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInput, match="cannot be written to"):
        execute(tiny.placed(), Store(tmp_path / "file" / "store"), quiet)


def test_bad_input_writes_nothing(tiny, tmp_path, monkeypatch, quiet):
    monkeypatch.setattr("retrodict.training._memory._available_bytes", lambda device: 1)
    placed, store = tiny.placed(), Store(tmp_path / "s")
    with pytest.raises(BadInput, match=r"one learner .* needs"):
        execute(placed, store, quiet)
    assert not (tmp_path / "s").exists()


def test_a_device_that_is_not_there_writes_nothing(tiny_yaml, tmp_path, refused):
    said = refused("run", tiny_yaml, "--set", "training.device=cuda:99", "--out", tmp_path / "s")
    assert "cuda:99 does not exist here" in said
    assert not (tmp_path / "s").exists()


def test_opening_what_is_no_run_is_bad_input(tmp_path):
    with pytest.raises(BadInput, match="no run there"):
        open_run(tmp_path)


def test_the_log_tells_what_happened(tiny, tmp_path, quiet):
    run = interrupt(tiny, tmp_path, after=3)
    execute(tiny.placed(), Store(tmp_path), quiet)
    assert [event["event"] for event in run.events()] == ["resumed", "finished"]
    json.dumps(run.events())

"""Formats of a run's files: older ones stay readable, newer ones are refused in one clear line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from retrodict import CannotFinish, open_run
from retrodict.errors import Newer
from retrodict.files.tensors import Tensors
from retrodict.processor import processor
from retrodict.runs import _migrate
from retrodict.training import train


def test_a_run_of_format_1_is_read_and_nothing_changes_on_disk(old, content):
    before = content(old.folder)
    assert old.status == "finished"
    assert old.results_version == 2
    assert old.experiment.training.seeds == (0, 1)
    assert old.trace.nll.sizes == {"learner": 2, "epoch": 4, "group": 4}
    assert old.weights()
    assert old.made_by[0]["versions"]["retrodict"] == "0.1.0"
    assert [event["event"] for event in old.events()] == ["started", "finished"]
    assert content(old.folder) == before


def test_a_run_of_format_1_answers_its_experiment(old, answer, content, monkeypatch):
    monkeypatch.setattr("retrodict.training.train", None)
    before = content(old.folder)
    assert answer(old.experiment, old.folder.parent).folder == old.folder
    assert content(old.folder) == before


def test_a_run_of_format_1_is_resumed_from_its_checkpoint(halted, answer):
    """What was recorded stays, bit for bit; what follows is as it would have been.

    On another processor, or with another torch, that is so to rounding.
    """
    saved = load_file(halted.checkpoint)
    assert halted.status == "interrupted"
    again = answer(halted.experiment, halted.folder.parent)
    here = train(halted.experiment)
    assert again.folder == halted.folder
    assert again.status == "finished"
    for name in ("nll", "rank", "training_loss"):
        recorded = saved[f"record/{name}"][:, :3].numpy()
        np.testing.assert_array_equal(again.trace[name].values[:, :3], recorded)
        np.testing.assert_allclose(again.trace[name], here.trace[name], rtol=1e-3)
    then = again.made_by[0]
    if (then["processor"], then["versions"]["torch"]) == (processor(), torch.__version__):
        assert again.trace.identical(here.trace)


def test_rewritten_files_have_the_present_format(fresh):
    assert fresh.state["format"] == _migrate.RUN_FORMAT == 2
    environment = json.loads((fresh.folder / "environment.json").read_text())
    assert environment["format"] == _migrate.ENVIRONMENT_FORMAT == 2
    assert environment["seeds"] == {"first": 5, "last": 6, "corpus": None}
    weights = Tensors.of(fresh.folder / "weights.safetensors").metadata
    assert weights == {"format": "1", "digest": fresh.state["digest"]}
    lines = (fresh.folder / "log.jsonl").read_text().splitlines()
    assert [json.loads(line).get("format") for line in lines] == [None, None, 1, 1]
    assert int(fresh.trace.attrs["format"]) == 1


def test_a_new_run_says_the_format_of_its_experiment(tiny, begin, tmp_path):
    experiment = tiny.placed()
    run = begin(experiment, tmp_path)
    text = (run.folder / "experiment.yaml").read_text()
    assert text == "# retrodict experiment, format 1\n" + experiment.to_yaml()
    assert run.experiment == experiment
    (run.folder / "experiment.yaml").write_text(text.replace("format 1", "format 2"))
    with pytest.raises(Newer, match="newer retrodict"):
        _ = open_run(run.folder).experiment


def test_steps_are_chained(tmp_path):
    steps = [lambda old: {**old, "a": 1}, lambda old: {**old, "b": old["a"] + 1}]
    assert _migrate.migrated({"format": 1}, steps, tmp_path) == {"format": 3, "a": 1, "b": 2}
    found = _migrate.migrated({"format": 2, "a": 5}, steps, tmp_path)
    assert found == {"format": 3, "a": 5, "b": 6}


@pytest.mark.parametrize("name", ["run.json", "environment.json"])
def test_a_newer_format_is_called_newer(fresh, name):
    path = fresh.folder / name
    path.write_text(json.dumps({**json.loads(path.read_text()), "format": 3}))
    with pytest.raises(Newer, match=rf"{name}: format 3 .* newer retrodict.*upgrade") as refused:
        _ = fresh.made_by, fresh.state
    assert "\n" not in str(refused.value)
    assert "damaged" not in str(refused.value)


def test_a_trace_of_a_newer_format_is_called_newer(fresh, monkeypatch):
    monkeypatch.setattr("retrodict.trace._trace.FORMAT", 0)
    with pytest.raises(Newer, match=r"trace\.nc: format 1 was written by a newer retrodict"):
        _ = fresh.trace


@pytest.mark.parametrize("said", ['"x"', "null", "[1]", "0", "-3"])
def test_a_format_that_never_was_is_damage(old, said):
    path = old.folder / "run.json"
    path.write_text(path.read_text().replace('"format": 1', f'"format": {said}'))
    with pytest.raises(
        CannotFinish, match=r"run\.json: (damaged|format .* older).*move the folder"
    ):
        _ = old.status


def test_lines_of_a_log_that_are_damaged_or_newer_are_left_out(old):
    path = old.folder / "log.jsonl"
    torn = b'{"time": "2026", "ev'
    bad = [b"\xff\xfe\x00}", b'{"event": 3, "time": []}', b"[1}", b"[" * 5000 + b"}"]
    newer = b'{"format": 2, "time": "2030", "event": "teleported"}'
    path.write_bytes(b"\n".join([*bad, path.read_bytes().strip(), newer, torn]))
    old.log("looked")
    assert [event["event"] for event in old.events()] == ["started", "finished", "looked"]

"""What is not ours stays, and what is not a plain file is not waited for."""

from __future__ import annotations

import json
import os

import pytest

from retrodict import CannotFinish
from retrodict.runs import check_run, listed, open_run, prune


def test_a_foreign_folder_is_no_leftover(old_store, content):
    study = old_store / "mystudy"
    study.mkdir()
    (study / "experiment.yaml").write_text("task: {kind: reversal}\n", encoding="utf-8")
    (study / "weights.safetensors").write_bytes(b"mine")
    before = content(study)
    prune(old_store, {"leftovers", "damaged", "unfinished"})
    assert content(study) == before


def test_a_foreign_temporary_file_is_kept(halted, answer):
    notes = halted.folder / ".notes.2024.tmp"
    notes.write_text("mine", encoding="utf-8")
    half = halted.folder / ".trace.nc.2024.tmp"
    half.write_text("half", encoding="utf-8")
    answer(halted.experiment, halted.folder.parent)
    assert notes.read_text(encoding="utf-8") == "mine"
    assert not half.exists()


PIPES = ["environment.json", "experiment.yaml", "log.jsonl", "run.json", ".progress"]


@pytest.mark.parametrize("name", PIPES)
def test_a_pipe_is_not_waited_for(old, name):
    path = old.folder / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    assert listed(old.folder).name == old.folder.name
    check_run(old.folder)
    assert open_run(old.folder).progress is None


def test_an_environment_of_a_newer_format_is_not_overwritten(halted, answer):
    path = halted.folder / "environment.json"
    newer = json.dumps({"format": 99, "made_by": "a newer version"})
    path.write_text(newer, encoding="utf-8")
    with pytest.raises(CannotFinish, match="newer retrodict"):
        answer(halted.experiment, halted.folder.parent)
    assert path.read_text(encoding="utf-8") == newer


@pytest.mark.parametrize("text", ['{"format": 1e999}', "[" * 100_000, '{"format": 2, "state": 5}'])
def test_a_malformed_state_is_called_damaged(old, text):
    (old.folder / "run.json").write_text(text, encoding="utf-8")
    assert listed(old.folder).status == "damaged"
    assert {problem.kind for problem in check_run(old.folder)} == {"damaged"}

"""A store of format 2 is read, answered from and continued; see its README.

Format 1 is in tests/runs/test_formats.py. Where the store was made does not matter: what is
recorded stays as it is, bit for bit, and what follows it is not compared.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import xarray
from safetensors.numpy import load_file

from retrodict import Experiment, open_run

DONE, HALTED = "reversal-transformer-8d318922a547", "chain-transformer-e16ef927d013"
ASKED = """
task:     {kind: reversal, vocab_size: 16}
recipe:   identity
model:    {n_layer: 1, n_head: 1, d_model: 8}
training: {epochs: 3, learners: 2, device: cpu}
record:   {weights_at: [], controls: true}
"""
NLL = [2.889778, 2.795743, 2.757103, 2.727954]  # of validation, the first learner
GROUPS = ["train_forward", "train_backward", "train_seen", "validation", "identity"]


def test_a_run_is_read(kept_store):
    run = open_run(kept_store / DONE)
    assert (run.status, run.results_version) == ("finished", 2)
    assert run.experiment == Experiment.from_text(ASKED, ["training.threads=1"])
    assert dict(run.trace.nll.sizes) == {"learner": 2, "epoch": 4, "group": 5}
    assert sorted(run.trace.nll["group"].values) == sorted(GROUPS)
    found = run.trace.nll.sel(group="validation").isel(learner=0)
    np.testing.assert_allclose(found, NLL, atol=1e-6)
    assert {"echo", "wrong_nll"} <= set(run.trace.curves)
    assert run.made_by[0]["versions"]["retrodict"] == "0.1.0"
    assert [event["event"] for event in run.events()] == ["started", "finished"]


def test_its_trace_is_one_line_of_xarray(kept_store):
    with xarray.open_dataset(kept_store / DONE / "trace.nc") as trace:
        assert trace["nll"].dims == ("learner", "epoch", "group")
        assert {"accuracy", "entity_nll"} <= set(trace)


def test_it_is_listed_and_sound_and_nothing_changes(command, kept_store, content):
    before = content(kept_store)
    code, out, _ = command("runs", "list", "--out", kept_store, "--json")
    listed = {row["name"]: row for row in json.loads(out)["runs"]}
    assert code == 0
    assert {name: row["status"] for name, row in listed.items()} == {
        DONE: "finished",
        HALTED: "interrupted",
    }
    assert [row["epochs_done"] for row in listed.values()] == [1, 3]
    code, out, _ = command("runs", "verify", "--out", kept_store, "--json")
    assert code == 0
    assert json.loads(out)["problems"] == []
    assert content(kept_store) == before


@pytest.mark.parametrize("asked", [ASKED, None], ids=["as it was asked", "by its own file"])
def test_the_same_experiment_is_answered_and_not_trained(
    command, kept_store, content, tmp_path, asked
):
    path = kept_store / DONE / "experiment.yaml"
    if asked:
        path = tmp_path / "asked.yaml"
        path.write_text(asked, encoding="utf-8")
    before = content(kept_store)
    code, out, _ = command("run", path, "--out", kept_store, "--json")
    found = json.loads(out)
    assert code == 0
    assert Path(found["run"]) == kept_store / DONE
    assert found["answered"] == "store"
    assert content(kept_store) == before


@pytest.mark.seconds
def test_an_interrupted_run_continues_from_its_checkpoint(command, kept_store):
    folder = kept_store / HALTED
    saved = load_file(folder / "checkpoint.safetensors")
    code, _, err = command("run", folder / "experiment.yaml", "--out", kept_store)
    assert code == 0
    assert f"{HALTED}: continues from epoch 1" in err
    run = open_run(folder)
    assert run.status == "finished"
    assert [e["event"] for e in run.events()] == ["started", "interrupted", "resumed", "finished"]
    for name in ("nll", "rank", "training_loss"):
        values = run.trace.curves[name].values
        np.testing.assert_array_equal(values[:, :2], saved[f"record/{name}"][:, :2])
        assert np.isfinite(values[:, 1:]).all()


def test_what_other_commands_kept_is_reported(command, kept_store, tmp_path):
    code, out, _ = command("report", "--store", kept_store, "--out", tmp_path / "r.md", "--json")
    found = json.loads(out)
    assert code == 0
    (figure,) = found["figures"]
    assert (figure["name"], figure["verdict"], figure["problem"]) == ("theory-phase", "holds", "")
    assert found["own"] == [DONE]
    assert [left["run"] for left in found["left_out"]] == [HALTED]
    assert found["statements"]["verdicts"] == {
        "holds": 2,
        "fails": 0,
        "fails (known)": 1,
        "not applicable": 0,
    }
    verdicts = {"identity-alone": "reproduced", "symmetric-value-output": "reproduced"}
    assert found["published"]["verdicts"] == verdicts


def test_it_is_exported(command, kept_store, tmp_path):
    code, out, _ = command("runs", "export", "--out", kept_store, "--to", tmp_path / "e", "--json")
    assert code == 0
    assert json.loads(out)["runs"] == [str(kept_store / DONE)]
    table = (tmp_path / "e" / "curves.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 1 + 2 * 4 * 5

"""What `--json` prints and what commands keep in a store: which keys there are, of which types."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

TINY = """
task: {kind: reversal, vocab_size: 16}
model: {n_layer: 1, n_head: 1, d_model: 8}
training: {epochs: 2, learners: 2, threads: 1, device: cpu}
record: {weights_at: [0, 2]}
"""
THEORY = """
task: {kind: pairs, n: 3, m: 8}
model: {kind: bilinear, d: 20}
training: {epochs: 2, learners: 2, threads: 1, device: cpu}
"""
GRID = f"{TINY}grid: {{optimizer.lr: [0.01, 1.0e+30], model.n_head: [1, 3]}}\n"

DONE = "STORE/reversal-transformer-8d318922a547"
HALTED = "STORE/chain-transformer-e16ef927d013"
DAMAGED = "STORE/reversal-transformer-0127a5b410a3"
AT_ONCE = {
    "list": "list",
    "doctor": "doctor --out STORE",
    "run-dry": "run TINY --dry-run",
    "run-dry-grid": "run GRID --dry-run",
    "run-found": f"run {DONE}/experiment.yaml --out STORE",
    "reproduce-tables": "reproduce table1 table2 --out OUT",
    "show": f"show {DONE}",
    "show-interrupted": f"show {HALTED}",
    "compare": f"compare {DONE} {HALTED} {DAMAGED} STORE",
    "report": "report --store STORE --out OUT.html",
    "runs-list": "runs list --out STORE",
    "runs-prune": "runs prune --unfinished --out STORE",
    "runs-export": "runs export --out STORE --to OUT",
}
"""Document → its command. STORE has a finished run, an interrupted one, and a damaged one."""

IN_SECONDS = {
    "run": "run TINY --out OUT",
    "run-theory": "run THEORY --out OUT",
    "run-grid": "run GRID --out OUT",
    "reproduce-theory": "reproduce theory-phase --scale smoke --out OUT",
    "verify": "verify theorem-3-rate lemma-1 --fast --out OUT",
    "verify-published": "verify --published identity-bridge identity-facts-alone --fast --out OUT",
    "leaderboard": "leaderboard plain --task reversal --scale smoke --out OUT",
    "bench": "bench theory scaling --quick --repeats 1 --out OUT",
}
"""Document → a command that computes; what it keeps in OUT is pinned, too."""


@pytest.fixture
def store(kept_store, old_store, tmp_path) -> Path:
    """Runs of formats 1 and 2, one of them damaged."""
    for folder in old_store.iterdir():
        shutil.copytree(folder, kept_store / folder.name)
    (kept_store / Path(DAMAGED).name / "trace.nc").write_bytes(b"")
    return kept_store


@pytest.fixture
def printed(command, store, tmp_path):
    """Give a command with --json; return its document."""
    places = {"STORE": store, "OUT": tmp_path / "out"}
    for name, text in (("TINY", TINY), ("THEORY", THEORY), ("GRID", GRID)):
        places[name] = tmp_path / f"{name}.yaml"
        places[name].write_text(text, encoding="utf-8")

    def give(words: str) -> Any:
        for name, path in places.items():
            words = words.replace(name, str(path))
        code, out, err = command(*words.split(), "--json")
        assert code in (0, 1), err
        return json.loads(out)

    return give


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_document_has_the_keys_and_types_it_had(name, printed, pinned_documents):
    pinned_documents(name, [("--json", printed(AT_ONCE[name]))])


@pytest.mark.seconds
@pytest.mark.parametrize("name", IN_SECONDS)
def test_a_document_and_what_is_kept_have_the_keys_and_types_they_had(
    name, printed, pinned_documents, tmp_path
):
    if name == "bench" and torch.cuda.is_available():
        pytest.skip("on a GPU it measures more")
    found = [("--json", printed(IN_SECONDS[name]))]
    for path in sorted((tmp_path / "out").rglob("*.json*")):
        lines = path.read_text(encoding="utf-8").split("\n" if path.suffix == ".jsonl" else "\0")
        found.append((path.name, [json.loads(line) for line in lines if line]))
    pinned_documents(name, found)


@pytest.mark.seconds
def test_a_run_that_is_trained_again_says_so(printed, pinned_documents):
    printed("run TINY --out OUT")
    pinned_documents("run-again", [("--json", printed("run TINY --out OUT --again"))])


def test_a_damaged_store_is_reported_with_exit_code_3(command, store, pinned_documents):
    code, out, _ = command("runs", "verify", "--out", store, "--json")
    assert code == 3
    pinned_documents("runs-verify", [("--json", json.loads(out))])


def test_every_pinned_document_is_compared():
    """That of `reproduce` is compared in tests/figures."""
    compared = {*AT_ONCE, *IN_SECONDS, "run-again", "runs-verify", "reproduce"}
    folder = Path(__file__).parent / "documents"
    assert {path.stem for path in folder.iterdir()} == compared


def test_a_document_that_is_no_longer_written_is_missed(pinned_documents):
    with pytest.raises(pytest.fail.Exception, match="run: no longer written: --json, env"):
        pinned_documents("run", [])


def test_what_is_not_pinned_fails(pinned):
    with pytest.raises(pytest.fail.Exception, match=r"claims\.json, figure 0: not pinned yet"):
        pinned("claims", "figure 0", [])


def test_pinning_anew_is_refused_in_continuous_integration(monkeypatch, request):
    monkeypatch.setenv("RETRODICT_PIN", "1")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="RETRODICT_PIN is set in CI"):
        request.getfixturevalue("pinned")

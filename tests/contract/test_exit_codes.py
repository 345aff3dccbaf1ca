"""How commands end: 0 done, 1 a claim does not hold, 2 bad input, 3 not finished, 130 stopped.

0 is in the tests of documents. What is not 0 or 1 is explained in one line on stderr.
"""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import pytest

TINY = "task: {kind: reversal, vocab_size: 16}\nmodel: {n_layer: 1, n_head: 1, d_model: 8}\n"
TINY += "training: {epochs: 2, learners: 2, threads: 1, device: cpu}\n"
DONE, HALTED = "STORE/reversal-transformer-8d318922a547", "STORE/chain-transformer-e16ef927d013"

BAD = {
    "rnu TINY": "No such command 'rnu'",
    "run": "Missing argument",
    "run nowhere.yaml": "nowhere.yaml: cannot be read",
    "run TINY --set task.vocab_siz=3": "mean 'vocab_size'",
    "run TINY --set grid.optimizer.lr=[]": "has no values",
    "run TINY --out TINY/x": "cannot be written to",
    "run TINY --launcher rya": "rya",
    "reproduce fig11": "did you mean 'fig1'",
    "reproduce fig1 --scale huge": "huge",
    "verify theorem-7": "theorem-7: no statement of that name",
    "verify --published theorem-7": "theorem-7: no published claim of that name",
    "verify --again": "add --published",
    "leaderboard plian": "no recipe 'plian'; did you mean 'plain'",
    "leaderboard --kept --out nowhere": "nowhere",
    "bench sclaing": "sclaing: no section of that name; did you mean 'scaling'?",
    "list --jsn": "No such option",
    "show nowhere": "nowhere: no run there",
    "compare nowhere": "nowhere: no run there",
    f"compare {HALTED} --plot x.png": "none of these runs is finished",
    "report --store nowhere": "nowhere: no such folder",
    "report --store STORE --out x.txt": "x.txt",
    "doctor --trch": "No such option",
    "runs lst": "No such command 'lst'",
    "runs list --out nowhere": "nowhere: no such folder",
    "runs verify 012345678901 --out STORE": "012345678901",
    "runs prune --out STORE": "--leftovers",
    "runs export e16ef927d013 --out STORE --to e": "is interrupted and not finished",
}
"""Command → what stderr says; exit code 2, and nothing is written."""

UNFINISHED = {
    f"run {DONE}/experiment.yaml --out STORE": "trace.nc: damaged: fails its checksum",
    f"show {DONE}": "trace.nc: damaged: fails its checksum",
    f"compare {DONE}": "trace.nc: damaged: fails its checksum",
    "runs verify --out STORE": "trace.nc: damaged: fails its checksum",
    "runs export 8d318922a547 --out STORE --to e --weights": "trace.nc: damaged",
}
"""Command on a store with a damaged run → what stderr says; exit code 3."""


@pytest.fixture
def ended(command, kept_store, tmp_path, monkeypatch):
    """Run a command where there are STORE and TINY; `by` says how."""
    tiny = tmp_path / "tiny.yaml"
    tiny.write_text(TINY, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    places = {"STORE": str(kept_store), "TINY": str(tiny), "OUT": str(tmp_path / "out")}

    def give(words: str, by=command, **how):
        for name, path in places.items():
            words = words.replace(name, path)
        return by(*words.split(), **how)

    return give


@pytest.mark.parametrize("words", BAD)
def test_bad_input_ends_with_2_and_one_line_and_writes_nothing(
    ended, refused, content, tmp_path, words
):
    before = content(tmp_path)
    assert BAD[words] in ended(words, refused)
    assert content(tmp_path) == before


@pytest.mark.parametrize("words", UNFINISHED)
def test_a_damaged_run_ends_with_3_and_one_line(ended, tmp_path, words):
    (trace,) = tmp_path.glob("kept/*/trace.nc")
    trace.write_bytes(trace.read_bytes()[:-1])
    code, _, err = ended(words)
    assert (code, err.count("\n")) == (3, 1)
    assert err.startswith("retrodict: ")
    assert UNFINISHED[words] in err


@pytest.mark.seconds
@pytest.mark.parametrize("change", ["optimizer.lr=1e30", "grid.optimizer.lr=[1e30,1e31]"])
def test_a_training_that_diverges_ends_with_3(ended, change):
    code, _, err = ended(f"run TINY --out OUT --set {change}")
    assert code == 3
    assert "all 2 learners became non-finite" in err.splitlines()[-1]


@pytest.mark.parametrize(
    "words",
    [
        "reproduce theory-phase --scale smoke --out STORE",
        "report --store STORE --out OUT.html",
    ],
)
def test_a_claim_that_fails_ends_with_1(ended, kept_store, words):
    path = kept_store / "theory-phase.json"
    record, checked = (
        json.loads((kept_store / name).read_text(encoding="utf-8"))
        for name in ("theory-phase.json", "verify.json")
    )
    record["claims"][0]["verdict"] = "fails"
    path.write_text(json.dumps({**record, "code": checked["code"]}), encoding="utf-8")
    code, out, _ = ended(words)
    assert code == 1
    assert out


@pytest.mark.seconds
def test_a_published_claim_that_is_not_reproduced_ends_with_1(ended):
    code, out, _ = ended("verify --published identity-facts-alone --fast --out OUT")
    assert code == 1
    assert "not reproduced at this scale" in " ".join(out.split())


LONG = "--set training.epochs=1000000 --set record.every=1000000"


@pytest.mark.seconds
@pytest.mark.parametrize(
    "words",
    [
        f"run TINY {LONG} --out OUT",
        f"run TINY {LONG} --set grid.training.seed=[0,10] --out OUT",
        "reproduce fig1 --out OUT",
        "verify --published plain-retrieval --out OUT",
        "leaderboard plain --task reversal --out OUT",
    ],
)
def test_what_is_stopped_ends_with_130_and_can_be_gone_on_with(ended, tmp_path, words):
    """By SIGINT, as Ctrl-C sends it, once a training has begun that would take minutes."""
    over = threading.Event()

    def stop() -> None:
        while not over.is_set() and not list(tmp_path.glob("out/*/log.jsonl")):
            time.sleep(0.01)
        if not over.is_set():
            os.kill(os.getpid(), signal.SIGINT)

    watch = threading.Thread(target=stop)
    watch.start()
    code, _, err = ended(words)
    over.set()
    watch.join()
    assert code == 130
    assert err.splitlines()[-1].startswith("retrodict: stopped after epoch ")
    (run,) = tmp_path.glob("out/*/run.json")
    assert Path(run.parent, "checkpoint.safetensors").exists()

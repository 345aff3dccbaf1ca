"""Real processes: Ctrl-C and resume, and two that want the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import retrodict
from retrodict import Experiment
from retrodict.runs import Run, Store

CHANGES = (
    "training.epochs=12",
    "training.batch_size=64",
    "task.vocab_size=200",
    "model={n_layer: 2, n_head: 4, d_model: 256}",
    "record.weights_at=[12]",
)
SLOWER = [part for change in CHANGES for part in ("--set", change)]


def start(yaml: Path, out: Path, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "retrodict", "run", str(yaml), "--out", str(out), "--json"]
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def only_run(out: Path) -> Run:
    (run,) = Store(out).runs()
    return run


def wait_for_training(out: Path, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        runs = Store(out).runs()
        if runs and any(event["event"] == "started" for event in runs[0].events()):
            time.sleep(0.3)
            return
        time.sleep(0.05)
    raise AssertionError(f"no training: {process.communicate()}")


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_command_goes_on_with_the_same_bits(tiny_yaml, tmp_path, signum):
    out = tmp_path / "interrupted"
    process = start(tiny_yaml, out, *SLOWER)
    wait_for_training(out, process)
    process.send_signal(signum)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert stdout == ""
    assert stderr.count("\n") == 1
    assert "goes on from there" in stderr
    assert only_run(out).status == "interrupted"

    again = start(tiny_yaml, out, *SLOWER)
    stdout, stderr = again.communicate(timeout=120)
    assert again.returncode == 0, stderr
    assert json.loads(stdout)["status"] == "finished"
    whole = retrodict.train(Experiment.from_yaml(tiny_yaml, CHANGES))
    assert only_run(out).trace.identical(whole)


def test_two_processes_that_want_the_same_train_it_once(tiny_yaml, tmp_path):
    both = [start(tiny_yaml, tmp_path / "out", *SLOWER) for _ in range(2)]
    answers = [process.communicate(timeout=120) for process in both]
    assert [process.returncode for process in both] == [0, 0], answers
    assert answers[0][0] == answers[1][0]
    assert [event["event"] for event in only_run(tmp_path / "out").events()] == [
        "started",
        "finished",
    ]

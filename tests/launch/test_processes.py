"""Real processes: Ctrl-C and resume, two that want the same, and the count of cores."""

from __future__ import annotations

import json
import multiprocessing
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import retrodict
from retrodict import Experiment
from retrodict.launch._cores import cores
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


def _hold(threads: int, log: str, seconds: float) -> None:
    with cores(threads, lambda: None):
        with open(log, "a", encoding="utf-8") as file:
            file.write("+")
        time.sleep(seconds)
        with open(log, "a", encoding="utf-8") as file:
            file.write("-")


def test_trainings_that_need_all_cores_run_one_after_the_other(tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.launch._cores.core_count", lambda: 2)
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_hold, args=(2, str(log), 0.2)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert log.read_text() == "+-+-+-"


def test_trainings_that_fit_run_together(tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.launch._cores.core_count", lambda: 2)
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    workers = [context.Process(target=_hold, args=(1, str(log), 2.0)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(30)
    assert log.read_text() == "++--"


def test_cores_are_free_again_when_their_holder_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr("retrodict.launch._cores.core_count", lambda: 2)
    log = tmp_path / "log"
    context = multiprocessing.get_context("fork")
    worker = context.Process(target=_hold, args=(2, str(log), 60))
    worker.start()
    while not log.exists():
        time.sleep(0.01)
    worker.kill()
    worker.join(30)
    with cores(2, lambda: pytest.fail("the cores should be free")):
        pass

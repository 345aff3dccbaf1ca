"""Real processes: Ctrl-C and resume, and two that want the same."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import retrodict
from retrodict import Experiment
from retrodict.runs import Run, Store

pytestmark = pytest.mark.seconds

HELD = Path(__file__).with_name("held.py")


class Commands:
    """Commands that train an experiment, held after every second epoch.

    Parameters:
        yaml: the experiment.
        out: the store.
    """

    def __init__(self, yaml: Path, out: Path) -> None:
        self.yaml, self.out, self.hold = yaml, out, out.with_name("hold")
        self.started: list[subprocess.Popen[str]] = []

    def start(self) -> subprocess.Popen[str]:
        command = [sys.executable, HELD, self.hold, "run", self.yaml, "--out", self.out, "--json"]
        process = subprocess.Popen(
            [*map(str, command)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        self.started.append(process)
        return process

    def start_held(self) -> subprocess.Popen[str]:
        """Start one, and wait until it has trained as far as it may."""
        reached = self.hold.with_suffix(".reached")
        reached.unlink(missing_ok=True)
        self.hold.touch()
        process = self.start()
        while not reached.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.02)
        return process

    def release(self) -> None:
        self.hold.unlink()

    @property
    def run(self) -> Run:
        """The only run of the store."""
        (run,) = Store(self.out).runs()
        return run


@pytest.fixture
def commands(tiny_yaml, tmp_path) -> Iterator[Commands]:
    found = Commands(tiny_yaml, tmp_path / "out")
    yield found
    for process in found.started:
        process.kill()
        process.communicate()


def test_an_interrupted_command_continues_with_the_same_bits(commands):
    for signum, epoch in ((signal.SIGINT, 2), (signal.SIGTERM, 4)):
        process = commands.start_held()
        process.send_signal(signum)
        commands.release()
        stdout, stderr = process.communicate(timeout=120)
        assert process.returncode == 130, stderr
        assert stdout == ""
        told = stderr.splitlines()[-1]
        assert f"stopped after epoch {epoch}; the same command continues from there" in told
        assert commands.run.status == "interrupted"
    process = commands.start()
    stdout, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert json.loads(stdout)["status"] == "finished"
    assert "continues from epoch 4" in stderr
    whole = retrodict.train(Experiment.from_yaml(commands.yaml))
    assert commands.run.trace.identical(whole)


def test_two_processes_with_the_same_experiment_train_it_once(commands):
    first, second = commands.start_held(), commands.start()
    told = second.stderr.readline()
    assert f"waiting: process {first.pid} on " in told
    assert commands.run.folder.name in told
    commands.release()
    answers = [json.loads(process.communicate(timeout=120)[0]) for process in (first, second)]
    assert [process.returncode for process in (first, second)] == [0, 0]
    assert {answer["run"] for answer in answers} == {str(commands.run.folder)}
    assert [event["event"] for event in commands.run.events()] == ["started", "finished"]

"""Commands that are killed, interrupted, or many at once: real processes, at random moments."""

from __future__ import annotations

import itertools
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import retrodict
from retrodict import Experiment
from retrodict.runs import Store

pytestmark = pytest.mark.seconds

HASTY = Path(__file__).with_name("hasty.py")
TRAINING = (
    "training.epochs=40",
    "training.learners=3",
    "task.vocab_size=80",
    "model={n_layer: 2, n_head: 4, d_model: 64}",
    "record.weights_at=[20, 40]",
)
"""Some seconds of training by two processes, with forty checkpoints."""


def start(yaml: Path, out: Path, *changes: str, **options: object) -> subprocess.Popen[str]:
    settings = [part for change in changes for part in ("--set", change)]
    command = [sys.executable, str(HASTY), "run", str(yaml), "--out", str(out), "--json", *settings]
    return subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    """Return the processes that a process has started."""
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
    return [int(number) for number in found.split()]


def wait_until_gone(numbers: list[int]) -> None:
    deadline = time.monotonic() + 10
    while any(Path(f"/proc/{number}").exists() for number in numbers):
        assert time.monotonic() < deadline, "a worker outlives its owner"
        time.sleep(0.05)


def require_whole(yaml: Path, out: Path) -> None:
    """Require the store's only run to be what an uninterrupted training gives."""
    (run,) = Store(out).runs()
    assert run.trace.identical(retrodict.train(Experiment.from_yaml(yaml, TRAINING)))
    assert not list(run.folder.glob(".*.tmp"))


def kill_at_random(yaml: Path, out: Path, kills: int, signum: int, seed: int) -> Counter[int]:
    """Start a command, end it after a random time, again and again; return its exit codes.

    The times are at most what the whole command takes here, now: a busy machine starts slowly.
    """
    began = time.monotonic()
    start(yaml, out.with_name("whole"), *TRAINING).communicate(timeout=300)
    whole = time.monotonic() - began
    rng, codes = random.Random(seed), Counter[int]()
    for _ in range(kills):
        process = start(yaml, out, *TRAINING)
        try:
            _, stderr = process.communicate(timeout=rng.uniform(0.0, whole))
        except subprocess.TimeoutExpired:
            workers = workers_of(process)
            process.send_signal(signum)
            _, stderr = process.communicate(timeout=120)
            wait_until_gone(workers)
        if process.returncode != -signal.SIGINT:  # not while Python itself was starting
            assert "Traceback" not in stderr
        codes[process.returncode] += 1
        if process.returncode == 0:  # it was done before it was to be killed; begin again
            require_whole(yaml, out)
            out = out.with_name(f"{out.name}+")
    process = start(yaml, out, *TRAINING)
    _, stderr = process.communicate(timeout=300)
    assert process.returncode == 0, stderr
    require_whole(yaml, out)
    return codes


def test_a_killed_command_ends_its_workers_and_can_be_continued(tiny_yaml, tmp_path):
    process = start(tiny_yaml, tmp_path / "out", *TRAINING)
    while not list((tmp_path / "out").glob("*/checkpoint.safetensors")):
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    workers = workers_of(process)
    process.kill()
    process.communicate()
    wait_until_gone(workers)
    process = start(tiny_yaml, tmp_path / "out", *TRAINING)
    _, stderr = process.communicate(timeout=120)
    assert process.returncode == 0, stderr
    assert "continues from epoch" in stderr
    require_whole(tiny_yaml, tmp_path / "out")


@pytest.mark.slow
def test_killed_at_twenty_four_random_moments(tiny_yaml, tmp_path):
    codes = kill_at_random(tiny_yaml, tmp_path / "out", 24, signal.SIGKILL, seed=1)
    assert codes.keys() <= {0, -signal.SIGKILL}
    assert codes[-signal.SIGKILL] >= 12


@pytest.mark.slow
def test_interrupted_at_twenty_four_random_moments(tiny_yaml, tmp_path):
    """Ctrl-C: also while Python is starting, before there is anybody to catch it."""
    codes = kill_at_random(tiny_yaml, tmp_path / "out", 24, signal.SIGINT, seed=2)
    assert codes.keys() <= {0, 130, -signal.SIGINT}
    assert codes[130] >= 8


GRIDS = (
    "grid.training.seed=[0, 10, 20]",
    "grid.training.seed=[20, 10, 30]",
    "grid.training.seed=[30, 0, 40]",
    "grid.training.seed=[40, 20, 0]",
)


def many_at_once(yaml: Path, out: Path, count: int, kill: int) -> None:
    """Start commands that want overlapping grids, kill some; the others train all, each once."""
    changes = ("training.epochs=8", "training.threads=1", *TRAINING[1:])
    grids = list(itertools.islice(itertools.cycle(GRIDS), count))
    commands = [start(yaml, out, *changes, grid) for grid in grids]
    for process in commands[:kill]:
        while process.poll() is None and not list(out.glob("*/checkpoint.safetensors")):
            time.sleep(0.02)
        process.kill()
    for process in commands:
        _, stderr = process.communicate(timeout=300)
        assert process.returncode == 0 or process in commands[:kill], stderr
    runs = Store(out).runs()
    assert all(run.finished for run in runs)
    assert len(runs) == 5
    for run in runs:
        events = Counter(event["event"] for event in run.events())
        assert events["finished"] == 1
        assert events["started"] + events["resumed"] <= 1 + kill
        assert run.trace.identical(retrodict.train(run.experiment))


@pytest.mark.slow
@pytest.mark.parametrize("kill", [0, 2])
def test_eight_commands_with_overlapping_grids_train_each_cell_once(tiny_yaml, tmp_path, kill):
    many_at_once(tiny_yaml, tmp_path / "out", count=8, kill=kill)

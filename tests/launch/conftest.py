"""What the tests of launchers share."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from retrodict import Grid
from retrodict.runs import Run, Store
from retrodict.trace import Trace

SLOW = """
task: {kind: reversal, vocab_size: 80}
model: {n_layer: 2, n_head: 2, d_model: 64}
training: {epochs: EPOCHS, batch_size: 16, learners: 2, threads: 1, device: cpu}
record: {every: 10, weights_at: [0]}
grid: {training.seed: [0, 10, 20]}
"""


@pytest.fixture
def slow_grid(tmp_path) -> Callable[[int], Path]:
    """Write the file of a grid of three populations that take some seconds each."""

    def write(epochs: int) -> Path:
        path = tmp_path / "grid.yaml"
        path.write_text(SLOW.replace("EPOCHS", str(epochs)), encoding="utf-8")
        return path

    return write


@pytest.fixture
def start():
    """Start a script of this folder with arguments; it is ended with the test."""
    begun = []

    def start(script: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, str(Path(__file__).parent / script), *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "CHECKPOINT_SECONDS": "0.2", **environment},
        )
        begun.append(process)
        return process

    yield start
    for process in begun:
        process.kill()
        process.communicate()


def events_of(run: Run) -> list[str]:
    return [event["event"] for event in run.events()]


def trainer_of(run: Run) -> int:
    """The process that began or resumed a run last."""
    return [event["pid"] for event in run.events() if "pid" in event][-1]


def wait_until(
    holds: Callable[[], Any], process: subprocess.Popen[str] | None, least: int = 1
) -> Any:
    """Return what `holds` returns once that is true, or this long, while a process runs."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        found = holds()
        if found and (least == 1 or len(found) >= least):
            return found
        if process is not None and process.poll() is not None:
            break
        time.sleep(0.05)
    if process is not None:
        process.kill()
    raise AssertionError(f"did not happen: {process and process.communicate()}")


def begun(out: Path) -> list[Run]:
    """The runs of a store that have a checkpoint and are not finished."""
    return [run for run in Store(out).runs() if run.has_checkpoint and not run.finished]


def runs_of(path: Path, out: Path) -> list[Run]:
    """The runs of a grid whose experiments say threads and device."""
    return [
        Store(out).run(cell.experiment.placed_on("cpu", 1)) for cell in Grid.from_yaml(path).cells
    ]


def have_the_bits_of_training(runs: list[Run], folder: Path) -> bool:
    """Whether traces are those that `retrodict.train` gives in one go.

    In a process of its own: this one checks every annotation, and takes ten times as long.
    """
    train = (
        "import sys, retrodict\n"
        "for one in sys.argv[2:]:\n"
        "    experiment = retrodict.Experiment.from_yaml(one + '/experiment.yaml')\n"
        "    retrodict.train(experiment).save(f'{sys.argv[1]}/{experiment.placed().name}.nc')\n"
    )
    folders = [str(run.folder) for run in runs]
    subprocess.run([sys.executable, "-c", train, str(folder), *folders], check=True)
    whole = [Trace.load(folder / f"{run.folder.name}.nc") for run in runs]
    return all(run.trace.identical(trace) for run, trace in zip(runs, whole, strict=True))


@pytest.fixture
def see() -> SimpleNamespace:
    """The functions above: test modules cannot import each other."""
    functions = (begun, events_of, have_the_bits_of_training, runs_of, trainer_of, wait_until)
    return SimpleNamespace(**{function.__name__: function for function in functions})

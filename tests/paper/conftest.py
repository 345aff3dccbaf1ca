"""Trainings and theory of figures, in a process of its own.

The tests check shapes and types at every call, which costs small steps twenty times their
arithmetic. What figures are made of is not what these tests are about.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from retrodict import Experiment, Trace

_TRAIN = """
import sys, pickle, retrodict
experiments = pickle.loads(sys.stdin.buffer.read())
for number, yaml in enumerate(experiments):
    trace = retrodict.train(retrodict.Experiment.from_text(yaml))
    trace.save(f"{sys.argv[1]}/{number}.nc")
"""

_THEORY = """
import pickle, sys
from retrodict.paper import THEORY_FIGURES
found = {figure.name: figure.theory("smoke", lambda share: None) for figure in THEORY_FIGURES}
pickle.dump(found, open(f"{sys.argv[1]}/theory", "wb"))
"""


def _in_a_process(code: str, folder: Path, given: bytes = b"") -> None:
    subprocess.run([sys.executable, "-c", code, str(folder)], input=given, check=True)


@pytest.fixture(scope="session")
def train_apart(tmp_path_factory) -> Callable[[Sequence[Experiment]], list[Trace]]:
    """Train experiments in a process of their own."""

    def train(experiments: Sequence[Experiment]) -> list[Trace]:
        folder = tmp_path_factory.mktemp("traces")
        if experiments:
            yamls = [experiment.to_yaml() for experiment in experiments]
            _in_a_process(_TRAIN, folder, pickle.dumps(yamls))
        return [Trace.load(folder / f"{number}.nc") for number in range(len(experiments))]

    return train


@pytest.fixture(scope="session")
def smoke_theory(tmp_path_factory) -> dict[str, Any]:
    """What every theory figure computes at smoke scale."""
    folder = tmp_path_factory.mktemp("theory")
    _in_a_process(_THEORY, folder)
    return pickle.loads((folder / "theory").read_bytes())

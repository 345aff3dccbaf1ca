"""Run one experiment in several ways: which give the same bits, and how far apart are the others?

    python examples/determinism.py

In place of another processor, this one is restricted to older instructions: SSE instead of AVX2 in
torch, and MKL's compatible code path. For the arithmetic that makes the same difference.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from retrodict import Experiment, Trace
from retrodict.measures import over_learners

OTHER_PROCESSOR = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}

_TRAIN = """
import sys, retrodict
experiment = retrodict.Experiment.from_text(sys.argv[1])
retrodict.train(experiment).save(sys.argv[2])
"""


def in_a_process(experiment: Experiment, **environment: str) -> Trace:
    """Train in a separate process, with other environment variables."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.nc"
        command = [sys.executable, "-c", _TRAIN, experiment.to_yaml(), str(path)]
        subprocess.run(command, check=True, env={**os.environ, **environment})
        return Trace.load(path)


def apart(one: Trace, other: Trace, learners: int | None = None) -> str:
    """Return how far apart two traces' NLL curves are: early, and at the end."""
    first, second = (t.nll.values[:learners] for t in (one, other))
    if np.array_equal(first, second):
        return "the same bits"
    gap = np.abs(first - second).max(axis=(0, 2))
    ends = [over_learners(t.nll.sel(group="validation").values[:, -1]) for t in (one, other)]
    return f"epoch 1: {gap[1]:.1e}, epoch 10: {gap[10]:.1e}, end: {ends[0]:.3f} and {ends[1]:.3f}"


def experiment(precision: str, lr: float, epochs: int = 100) -> Experiment:
    """Reversal with V = 80: two layers of width 64, six learners."""
    return Experiment.from_text(
        f"""
        task: {{kind: reversal, vocab_size: 80}}
        model: {{n_layer: 2, n_head: 4, d_model: 64}}
        optimizer: {{lr: {lr}}}
        training: {{epochs: {epochs}, learners: 6, precision: {precision}, threads: 2}}
        record: {{weights_at: []}}
        """
    )


def main() -> None:
    """Print one line for each of three experiments, run in every way."""
    for precision, lr in (("float64", 0.001), ("float32", 0.001), ("float32", 0.01)):
        asked = experiment(precision, lr)
        usual = in_a_process(asked)
        alone = in_a_process(asked.with_overrides("training.learners=1"))
        print(f"{precision}, lr {lr}")
        print("  once more                 ", apart(usual, in_a_process(asked)))
        one = in_a_process(asked.with_overrides("training.threads=1"))
        print("  one thread instead of two ", apart(usual, one))
        print("  learner 0 alone           ", apart(usual, alone, learners=1))
        print("  another processor         ", apart(usual, in_a_process(asked, **OTHER_PROCESSOR)))


if __name__ == "__main__":
    main()

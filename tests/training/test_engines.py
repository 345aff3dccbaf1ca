"""Compiled, batched and one by one: the same arithmetic, to rounding."""

from __future__ import annotations

import gc
import subprocess
import sys
import weakref

import numpy as np
import pytest
import torch

from retrodict.experiment import Placed
from retrodict.training import Trainer, train


def test_a_chunk_of_questions_does_not_overwrite_the_one_before(tiny, monkeypatch):
    whole = train(tiny.with_overrides("training.epochs=1", "record.weights_at=[1]").placed()).trace
    monkeypatch.setattr("retrodict.training._evaluation._CHUNK", 2)
    chunks = train(tiny.with_overrides("training.epochs=1", "record.weights_at=[1]").placed()).trace
    for name, panel in whole.weights.items():
        for variable in panel.data_vars:
            # products of other shapes round otherwise
            np.testing.assert_allclose(
                chunks.weights[name][variable], panel[variable], rtol=1e-5, atol=1e-6
            )


def test_one_by_one_agrees_with_the_batched_step(tiny, monkeypatch):
    tiny = tiny.with_overrides("model.dropout=0.0", "training.precision=float64")
    one_by_one = train(tiny.placed())
    monkeypatch.setattr(Placed, "is_one_by_one", False)
    together = train(tiny.placed())
    # six epochs of AdamW at lr 0.01 let float64's rounding grow, to about 1e-10
    np.testing.assert_allclose(one_by_one.trace.nll, together.trace.nll, rtol=1e-7)
    for name, weight in together.weights.items():
        torch.testing.assert_close(one_by_one.weights[name], weight, rtol=1e-6, atol=1e-8)


@pytest.mark.slow
def test_a_compiled_step_agrees_with_the_eager_one_also_with_dropout(tiny, tmp_path):
    """In a process of its own: torch.compile does not see through the tests' type checks."""
    program = """
import sys, numpy as np, torch
from retrodict import Experiment
from retrodict.experiment import Placed
from retrodict.training import train
e = Experiment.from_text(open(sys.argv[1], encoding="utf-8").read()).with_overrides(
    "training.precision=float64", "model.dropout=0.3", "training.epochs=2")
compiled = train(e.with_overrides("training.execution=compiled").placed())
Placed.is_one_by_one = False
eager = train(e.placed())
np.testing.assert_allclose(compiled.trace.nll, eager.trace.nll, rtol=1e-9)
"""
    path = tmp_path / "tiny.yaml"
    path.write_text(tiny.to_yaml(), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("precision", ["bfloat16", "float32"])
def test_a_trainer_that_is_let_go_is_freed_at_once(tiny, precision):
    """A GPU's memory would otherwise wait for the collector."""
    gc.disable()
    try:
        trainer = Trainer(tiny.with_overrides(f"training.precision={precision}").placed())
        trainer.run_epoch(1)
        population = weakref.ref(trainer.population)
        del trainer
        assert population() is None
    finally:
        gc.enable()


def test_lower_precision_is_of_training_not_of_asking(tiny):
    """Before the first step all precisions measure the same."""
    tiny = tiny.with_overrides("training.epochs=0")
    exact, rounded = (
        train(tiny.with_overrides(f"training.precision={p}").placed()).trace.nll
        for p in ("float32", "bfloat16")
    )
    np.testing.assert_allclose(rounded, exact, rtol=1e-6)

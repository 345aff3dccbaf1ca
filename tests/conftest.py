"""Small experiments that several rooms' tests share."""

from __future__ import annotations

import pytest

from retrodict import Experiment

TINY = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
optimizer: {lr: 0.01}
training: {epochs: 6, batch_size: 4, learners: 3}
record: {every: 2, weights_at: [0, 6]}
"""


@pytest.fixture(autouse=True)
def _cores_of_its_own(tmp_path_factory, monkeypatch):
    """Tests do not queue for the cores with trainings that run outside them."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.getbasetemp()))
    monkeypatch.setattr("tempfile.tempdir", None)


@pytest.fixture
def tiny() -> Experiment:
    return Experiment.from_text(TINY)


@pytest.fixture
def tiny_yaml(tmp_path):
    path = tmp_path / "tiny.yaml"
    path.write_text(TINY, encoding="utf-8")
    return path

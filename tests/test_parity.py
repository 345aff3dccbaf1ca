"""docs/parity.md: its experiments are read, and its script compares as it says."""

from __future__ import annotations

import dataclasses
import importlib.util
import sys
from pathlib import Path

import pytest
from scipy.stats import ttest_ind_from_stats

from retrodict import Experiment
from retrodict.training import train

ROOT = Path(__file__).parents[1]
CONFIGS = sorted((ROOT / "docs" / "parity").glob("*.yaml"))
SHORT = """
task: {kind: reversal, vocab_size: 8}
model: {n_layer: 1, n_head: 1, d_model: 8}
optimizer: {lr: 0.01}
training: {epochs: 300, learners: 2, threads: 1}
record: {weights_at: []}
"""


@pytest.fixture(scope="module")
def parity():
    """The script, as a module."""
    spec = importlib.util.spec_from_file_location("parity", ROOT / "examples" / "parity.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["parity"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["parity"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_the_experiments_are_read_and_have_the_authors_settings(path):
    experiment = Experiment.from_yaml(path)
    assert experiment.training.learners == 10
    assert experiment.model.dropout == 0.1
    assert not experiment.model.tied_head
    assert f"parity/{path.name}" in (ROOT / "docs" / "parity.md").read_text(encoding="utf-8")


def test_the_interval_ends_where_welchs_test_gives_five_per_cent(parity):
    ours, theirs = parity.Spread(6.9, 0.2, 10), parity.Spread(7.0, 0.1, 7)
    for end in parity.welch(ours, theirs):
        moved = dataclasses.replace(theirs, mean=theirs.mean + end)
        found = ttest_ind_from_stats(
            *(ours.mean, ours.sd, ours.n), *(moved.mean, moved.sd, moved.n), equal_var=False
        )
        assert found.pvalue == pytest.approx(0.05)


def test_the_tables_tell_each_end_and_each_epoch(parity):
    trace = train(Experiment.from_text(SHORT).placed()).trace
    lines = list(parity.table(trace))
    assert [line.split("|")[1].strip() for line in lines if line.startswith("|")] == [
        *("after 300 epochs", "---", "training NLL", "validation NLL"),
        *("validation NLL after epoch", "---", "1", "5", "20", "50", "100", "200", "300"),
    ]
    held_out = trace.curves["nll"].sel(group="validation", epoch=300).values
    assert f"| {held_out.mean():.4f} ± " in lines[3]

"""Figures at smoke scale: drawn, checked, and able to fail."""

from __future__ import annotations

import json

import numpy as np
import pytest

from retrodict.cli._main import run_cli
from retrodict.paper import FIGURES, SCALES, Material
from retrodict.runs import Store
from retrodict.trace import Trace
from retrodict.training import train


@pytest.fixture(scope="module")
def traces() -> dict[str, Trace]:
    """One trained trace a task at smoke scale."""
    experiments = {kind: e for f in FIGURES for kind, e in f.experiments("smoke").items()}
    return {kind: train(experiment).trace for kind, experiment in experiments.items()}


def trace_of(figure, traces) -> Trace:
    (kind,) = figure.experiments("smoke")
    return traces[kind]


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
def test_every_claim_holds_at_smoke_scale(figure, traces):
    for claim in figure.claims(Material("smoke", {"": trace_of(figure, traces)})):
        assert claim.verdict == "holds", claim


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
def test_every_claim_can_fail(figure, traces):
    """A model that knows what it should not, and does not know what it should."""
    good = trace_of(figure, traces)
    curves = good.curves.copy(deep=True)
    curves["training_loss"][:] = 3.0
    curves["nll"].loc[{"group": "validation"}] = 0.01
    curves["rank"].loc[{"group": "validation"}] = 1.0
    rng = np.random.default_rng(0)
    weights = {name: panel.copy(deep=True) for name, panel in good.weights.items()}
    for name, panel in weights.items():
        matrix = panel["entity_only"]
        known = name == "validation"
        matrix[:] = rng.normal(size=matrix.shape) + known * 5 * np.eye(matrix.shape[-1])
    for claim in figure.claims(Material("smoke", {"": Trace(curves, weights)})):
        assert claim.verdict == "fails", claim


@pytest.mark.parametrize("figure", FIGURES, ids=lambda f: f.name)
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_has_ten_learners_and_its_snapshots(figure, scale):
    (experiment,) = figure.experiments(scale).values()
    assert experiment.training.learners == 10
    assert experiment.training.epochs in experiment.record.weights_at
    assert experiment.model.dropout == 0.1
    assert not experiment.model.tied_head


def test_paper_scale_is_the_papers_configuration():
    experiment = FIGURES[0].experiments("paper")["reversal"]
    assert (experiment.model.n_layer, experiment.model.n_head) == (24, 12)
    assert experiment.model.d_model == 768
    assert experiment.task.vocab_size == 800
    assert experiment.training.epochs == 3000


def test_reproduce_writes_figures_and_one_json_document(tmp_path, capsys, monkeypatch):
    """Figures 1 and 2 share their run; asked again, all comes from the store."""
    arguments = ["reproduce", "fig1", "fig2", "--scale", "smoke", "--out", str(tmp_path), "--json"]
    assert run_cli(arguments) == 0
    found = json.loads(capsys.readouterr().out)
    assert [f["name"] for f in found["figures"]] == ["fig1", "fig2"]
    assert len(Store(tmp_path).runs()) == 1
    for name in ("fig1", "fig2"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
        assert (tmp_path / f"{name}.pdf").read_bytes().startswith(b"%PDF")
    assert {c["verdict"] for f in found["figures"] for c in f["claims"]} == {"holds"}
    monkeypatch.setattr("retrodict.training.train", None)
    assert run_cli(arguments) == 0


def test_a_claim_that_fails_gives_exit_code_1(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("retrodict.paper._nll_claims.MEMORISED", 1e-9)
    code = run_cli(["reproduce", "fig1", "--scale", "smoke", "--out", str(tmp_path)])
    assert code == 1
    assert "fails" in capsys.readouterr().out

"""Claims about training runs, judged on traces that are right, wrong, or of untaught models."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import retrodict
from retrodict import Experiment
from retrodict.claims import Evidence, document
from retrodict.figures.findings._tied_head import FINDING_TIED_HEAD
from retrodict.figures.paper._figures_1_to_4 import FIG1, FIG3
from retrodict.figures.paper._in_context_reversal import IN_CONTEXT_REVERSAL as FIGURE
from retrodict.leaderboard import COLUMNS, cells
from retrodict.literature import PUBLISHED
from retrodict.papers import OURS
from retrodict.trace import Trace

TRAINED = [claim for claim in PUBLISHED if claim.judge is not None]
KNOWN = {claim.name: claim for claim in PUBLISHED}
HIGH, MIDDLE, LOW = 1.0, 0.3, 0.0


@pytest.fixture(scope="module")
def bare() -> Trace:
    """Any trace; its numbers are then put in by the tests."""
    model = {"kind": "one_layer"}
    task = {"kind": "reversal", "vocab_size": 24}
    training = {"epochs": 1, "learners": 4}
    record = {"controls": True}
    return retrodict.train(Experiment(task=task, model=model, training=training, record=record))


@pytest.fixture
def run(bare):
    """A stand-in for a run: it ends with these numbers in taught groups and in the held-out one."""

    def make(taught: float, held_out: float, nll: float = 5.0) -> SimpleNamespace:
        curves = bare.curves.copy(deep=True)
        is_taught = curves["trained"].values
        accuracy = np.where(is_taught, taught, held_out)
        curves["accuracy"][:] = np.broadcast_to(accuracy, curves["accuracy"].shape)
        curves["nll"][:] = nll
        trace = Trace(curves)
        return SimpleNamespace(experiment=trace.experiment, trace=trace, folder=Path("run"))

    return make


def test_names_are_unique_and_each_claim_says_where_it_is_from():
    names = [claim.name for claim in PUBLISHED]
    assert len(names) == len(set(names)) >= 10
    for claim in PUBLISHED:
        assert claim.source
        assert claim.ours or claim.source.arxiv
        assert claim.ours == (claim.source == OURS)
        assert claim.setting
        assert claim.testable


@pytest.mark.parametrize("scale", ["smoke", "laptop"])
def test_runs_are_those_of_the_figures(scale):
    """A store that holds figures and the leaderboard answers the claims without training."""
    figures = (FIG1, FIG3, FIGURE, FINDING_TIED_HEAD)
    known = [one for figure in figures for one in figure.experiments(scale).values()]
    columns = [column.name for column in COLUMNS]
    known += [cell.experiment for cell in cells(columns=columns, scale=scale)]
    for claim in TRAINED:
        experiments = claim.experiments(scale)
        assert experiments
        assert all(one in known for one in experiments.values())


@pytest.mark.parametrize(
    ("claim", "name", "right", "wrong"),
    [
        ("plain-retrieval", "reversal", LOW, HIGH),
        ("chain-without-middle", "chain", LOW, HIGH),
        ("in-context-reversal", "in-context", HIGH, LOW),
    ],
)
def test_a_claim_about_one_run_can_come_out_three_ways(run, claim, name, right, wrong):
    def verdict(taught: float, held_out: float) -> str:
        return KNOWN[claim].examine(runs={name: run(taught, held_out)}).verdict

    assert verdict(HIGH, right) == "reproduced"
    assert verdict(HIGH, wrong) == "contradicted"
    assert verdict(HIGH, MIDDLE) == "not reproduced at this scale"
    assert verdict(MIDDLE, right) == "not reproduced at this scale"  # the facts were not learned


def test_a_tied_head_has_to_lower_the_nll_and_to_leave_the_curse(run):
    def verdict(tied: SimpleNamespace) -> str:
        untied = run(HIGH, LOW, nll=9.0)
        return KNOWN["tied-head"].examine(runs={"untied": untied, "tied": tied}).verdict

    assert verdict(run(HIGH, LOW, nll=5.0)) == "reproduced"
    assert verdict(run(HIGH, LOW, nll=9.5)) == "contradicted"
    assert verdict(run(HIGH, LOW, nll=8.95)) == "not reproduced at this scale"
    assert verdict(run(HIGH, HIGH, nll=5.0)) == "contradicted"
    assert verdict(run(MIDDLE, LOW, nll=5.0)) == "not reproduced at this scale"


@pytest.mark.parametrize("claim", TRAINED, ids=lambda claim: claim.name)
def test_a_claim_about_runs_says_what_it_said(run, claim, declared):
    runs = {name: run(HIGH, LOW) for name in claim.experiments("smoke")}
    declared(f"published {claim.name}", document(claim.examine(runs=runs)))


def test_a_finding_says_seeds_and_configuration(run):
    judge = KNOWN["plain-retrieval"].judge
    assert judge is not None
    judged = judge({"reversal": run(HIGH, LOW)})
    assert isinstance(judged, Evidence)
    assert judged.seeds == [0, 1, 2, 3]
    assert "V = 24" in judged.grid
    assert judged.differs

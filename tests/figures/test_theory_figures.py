"""Theory figures at smoke scale: drawn, checked, and able to fail on a wrong model."""

from __future__ import annotations

import dataclasses
import json

import pytest
import xarray as xr

from retrodict import train
from retrodict.cli._exit import run_cli
from retrodict.figures import SCALES, THEORY_FIGURES, FigureInputs
from retrodict.figures.theory._indices import THEORY_INDICES
from retrodict.figures.theory._parametrisations import THEORY_PARAMETRISATIONS
from retrodict.figures.theory._phase import THEORY_PHASE
from retrodict.figures.theory._time import THEORY_TIME
from retrodict.figures.theory._value_output import THEORY_VALUE_OUTPUT

pytestmark = pytest.mark.seconds


@pytest.fixture(scope="module")
def materials(inputs_of) -> dict[str, FigureInputs]:
    made = {}
    for figure in THEORY_FIGURES:
        traces = {name: train(asked) for name, asked in figure.experiments("smoke").items()}
        theory = figure.theory("smoke", lambda share: None)
        made[figure.name] = inputs_of(traces, theory)
    return made


def verdicts(figure, inputs) -> dict[str, str]:
    return {claim.name: claim.verdict for claim in figure.claims(inputs)}


@pytest.mark.parametrize("figure", THEORY_FIGURES, ids=lambda f: f.name)
def test_every_claim_holds_and_the_figure_can_be_drawn(figure, materials, declared):
    inputs = materials[figure.name]
    assert set(verdicts(figure, inputs).values()) == {"holds"}
    claims = [dataclasses.asdict(claim) for claim in figure.claims(inputs)]
    told = {"title": figure.title, "paper": figure.paper, "claims": claims}
    declared(f"figure {figure.name}", told)
    assert figure.draw(inputs).axes


@pytest.mark.parametrize("figure", THEORY_FIGURES, ids=lambda f: f.name)
@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_defined(figure, scale):
    assert figure.note(scale)
    for experiment in figure.experiments(scale).values():
        assert experiment.training.learners > 1


def test_the_phase_claims_fail_on_a_model_that_knows_the_reverse(materials, inputs_of):
    phase = materials["theory-phase"].theory
    knows = phase.assign(shift=xr.full_like(phase["shift"], -4.6))
    assert set(verdicts(THEORY_PHASE, inputs_of({}, knows)).values()) == {"fails"}


def test_the_parametrisation_claims_fail_with_the_models_exchanged(materials, inputs_of):
    paths = materials["theory-parametrisations"].theory
    exchange = {
        "full": "symmetric",
        "factorised": "symmetric",
        "symmetric": "full",
        "tied": "symmetric",
    }
    wrong = {name: paths[other] for name, other in exchange.items()}
    found = verdicts(THEORY_PARAMETRISATIONS, inputs_of({}, wrong))
    assert set(found.values()) == {"fails"}


def test_the_time_claims_fail_on_another_learning_rate(materials, inputs_of):
    """Traces of lr 0.25 in place of the others take two and four times as long."""
    traces = materials["theory-time"].traces
    wrong = {name: traces[name.split(" lr=")[0] + " lr=0.25"] for name in traces}
    found = verdicts(THEORY_TIME, inputs_of(wrong))
    for where in ("V=20-lr=0.5", "V=20-lr=1"):
        assert found[f"theory-time.behind-{where}"] == "fails"


def test_the_value_output_claims_fail_on_another_experiments_theory(materials):
    inputs = materials["theory-value-output"]
    names = list(inputs.theory)
    turned = dict(zip(names, [inputs.theory[n] for n in names[::-1]], strict=True))
    found = verdicts(THEORY_VALUE_OUTPUT, dataclasses.replace(inputs, theory=turned))
    assert found["theory-value-output.reversal-merged-theory"] == "fails"
    assert found["theory-value-output.chain-factorised-theory"] == "fails"


def test_the_index_claims_fail_with_taught_and_untaught_exchanged(materials, inputs_of):
    inputs = materials["theory-indices"]

    def exchanged(trace):
        weights = dict(trace.weights)
        for one, other in (("validation", "train_seen"), ("train_forward", "train_backward")):
            if one in weights and other in weights:
                weights[one], weights[other] = weights[other], weights[one]
        if "train_a_to_c" in weights:
            weights["validation"] = weights["train_seen_a_to_b"]
        return dataclasses.replace(trace, weights=weights)

    wrong = inputs_of(
        {name: exchanged(trace) for name, trace in inputs.traces.items()},
        {name: exchanged(trace) for name, trace in inputs.theory.items()},
    )
    found = verdicts(THEORY_INDICES, wrong)
    failing = {name for name, verdict in found.items() if verdict == "fails"}
    assert {name for name in found if not name.endswith("_control")} <= failing


def test_reproduce_writes_a_figure_without_any_training(tmp_path, capsys):
    arguments = ["theory-phase", "--scale", "smoke", "--out", str(tmp_path), "--json"]
    assert run_cli(["reproduce", *arguments]) == 0
    (figure,) = json.loads(capsys.readouterr().out)["figures"]
    assert figure["runs"] == []
    assert (tmp_path / "theory-phase.png").exists()
    assert {claim["verdict"] for claim in figure["claims"]} == {"holds"}

"""Prediction and training held together: step by step exactly, the flow to first order in lr."""

from __future__ import annotations

import numpy as np
import pytest

import retrodict
from retrodict import Experiment
from retrodict.errors import BadInput
from retrodict.theory import predict

pytestmark = [pytest.mark.bits, pytest.mark.seconds]

PAIRS = {"kind": "pairs", "n": 5, "m": 14}
REVERSAL = {"kind": "reversal", "vocab_size": 24}
CHAIN = {"kind": "chain", "vocab_size": 24}


def bilinear(**options):
    return {"kind": "bilinear", "d": 9, "sigma": 0.3, **options}


CASES = {
    "full": (PAIRS, bilinear(), {}),
    "symmetric": (PAIRS, bilinear(parametrisation="symmetric"), {"momentum": 0.5}),
    "factorised": (PAIRS, bilinear(parametrisation="factorised", rank=4), {"weight_decay": 0.01}),
    "tied": (PAIRS, bilinear(parametrisation="tied"), {"momentum": 0.5, "weight_decay": 0.01}),
    "pairs": (PAIRS, {"kind": "one_layer"}, {}),
    "reversal": (REVERSAL, {"kind": "one_layer"}, {}),
    "chain": (CHAIN, {"kind": "one_layer"}, {"momentum": 0.3}),
    "started": (CHAIN, {"kind": "one_layer", "sigma": 0.2}, {}),
    "factors": (CHAIN, {"kind": "one_layer", "value_output": "factorised", "sigma": 0.1}, {}),
    "one symmetric": (
        CHAIN,
        {"kind": "one_layer", "value_output": "symmetric", "sigma": 0.2},
        {"momentum": 0.3, "weight_decay": 0.01},
    ),
    "symmetric from zero": (
        REVERSAL,
        {"kind": "one_layer", "value_output": "symmetric"},
        {},
    ),
}


def experiment(task, model, lr=0.2, epochs=6, batch_size=3, span="last_entity", **optimizer):
    return Experiment(
        task=task,
        model=model,
        objective={"kind": "next_token", "span": span},
        optimizer={"kind": "sgd", "lr": lr, **optimizer},
        training={
            "epochs": epochs,
            "learners": 2,
            "batch_size": batch_size,
            "precision": "float64",
            "threads": 1,
        },
        record={"every": 2, "weights_at": [0, epochs]},
    )


def differences(a, b) -> dict[str, float]:
    assert set(a.curves.data_vars) == set(b.curves.data_vars)
    assert set(a.curves.coords) == set(b.curves.coords)
    found = {}
    for name in a.curves.data_vars:
        x, y = a.curves[name].values, b.curves[name].values
        np.testing.assert_array_equal(np.isnan(x), np.isnan(y), err_msg=str(name))
        found[name] = float(np.nanmax(np.abs(x - y), initial=0))
    for panel in a.weights:
        for name in a.weights[panel].data_vars:
            x, y = a.weights[panel][name].values, b.weights[panel][name].values
            assert x.shape == y.shape
            found[f"{panel}/{name}"] = float(np.abs(x - y).max())
    return found


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("batch_size", [1, 3, "all"])
def test_predicted_steps_are_trained_steps(case, batch_size):
    task, model, optimizer = CASES[case]
    asked = experiment(task, model, batch_size=batch_size, **optimizer)
    found = differences(retrodict.train(asked), predict(asked, "steps"))
    # float64 on both sides: rounding only; effective weights are stored in float32
    assert max(v for k, v in found.items() if "/" not in k) < 1e-11
    assert max(v for k, v in found.items() if "/" in k) < 1e-6


def test_every_token_may_carry_loss():
    asked = experiment(REVERSAL, {"kind": "one_layer"}, span="whole_sequence")
    found = differences(retrodict.train(asked), predict(asked, "steps"))
    assert max(v for k, v in found.items() if "/" not in k) < 1e-11


@pytest.mark.parametrize(
    "case", ["full", "symmetric", "reversal", "chain", "started", "one symmetric"]
)
def test_the_flow_is_the_limit_of_small_steps(case):
    """SGD follows the flow to first order: half the rate and twice the passes, half the error."""
    task, model, _ = CASES[case]
    errors = []
    for halvings in range(3):
        asked = experiment(
            task, model, lr=0.4 / 2**halvings, epochs=4 * 2**halvings, batch_size="all"
        )
        trained, predicted = retrodict.train(asked), predict(asked)
        errors.append(float(np.abs(trained.nll - predicted.nll).isel(epoch=-1).max()))
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.15)
    assert errors[2] < 0.01


@pytest.mark.parametrize("value_output", ["merged", "symmetric"])
def test_a_symmetric_value_output_matrix_learns_the_reverse_of_what_it_is_taught(value_output):
    task = {**PAIRS, "backward": []}
    model = {"kind": "one_layer", "value_output": value_output}
    asked = experiment(task, model, lr=1.0, epochs=200, batch_size="all")
    for trace in (retrodict.train(asked), predict(asked)):
        end = trace.nll.isel(epoch=-1).mean("learner")
        assert float(end.sel(group="train_forward")) < 0.1
        reverse = float(end.sel(group="validation"))
        if value_output == "symmetric":  # the very same logit, in a row that is not pushed
            assert reverse < 0.1
        else:
            assert reverse == pytest.approx(np.log(14), abs=1e-12)


def test_the_closed_form_is_chosen_where_it_is_exact():
    def chosen(case: str, **options) -> str:
        task, model, _ = CASES[case]
        return predict(experiment(task, model, **options)).attrs["method"]

    assert chosen("reversal") == chosen("chain") == "limit"
    assert chosen("started") == chosen("factors") == chosen("full") == "flow"
    assert chosen("symmetric from zero") == "flow"
    assert chosen("reversal", weight_decay=0.1) == "flow"


def test_the_closed_form_is_the_flow():
    for case in ("pairs", "reversal", "chain"):
        task, model, _ = CASES[case]
        asked = experiment(task, model, lr=1.0, epochs=20)
        found = differences(predict(asked, "limit"), predict(asked, "flow"))
        assert found["nll"] < 1e-6
        assert found["training_loss"] < 1e-6


def test_the_bilinear_model_tends_to_the_closed_form():
    def distance(d: int) -> float:
        asked = experiment(PAIRS, {"kind": "bilinear", "d": d}, lr=5.0, epochs=20, batch_size="all")
        flow, limit = predict(asked, "flow"), predict(asked, "limit")
        return float(np.abs(flow.nll - limit.nll).max())

    assert distance(10**7) < 0.01
    assert distance(10**3) > 3 * distance(10**7)


def test_float32_training_stays_within_single_precision_of_theory():
    asked = experiment(REVERSAL, {"kind": "one_layer"}).with_overrides("training.precision=float32")
    found = differences(retrodict.train(asked), predict(asked, "steps"))
    assert found["nll"] < 1e-5


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"model": {"kind": "transformer"}}, r"has no theory; choose from bilinear .* one_layer"),
        ({"optimizer": {"kind": "adamw"}}, r"optimizer.kind: theory follows sgd, not adamw"),
        ({"task": {"kind": "in_context"}}, r"asks with 6 tokens, .* choose pairs, or reversal"),
        ({"task": {**REVERSAL, "entity_length": 2}}, r"asks with 4 tokens"),
        ({"optimizer": {"kind": "sgd", "lr": 2.0, "weight_decay": 1.0}}, r"must be below 1"),
    ],
)
def test_an_experiment_without_theory_is_refused(change, says):
    with pytest.raises(BadInput, match=says):
        predict(Experiment(**{"task": REVERSAL, "model": {"kind": "one_layer"}, **change}))


def test_a_method_that_does_not_apply_is_refused():
    task, model, _ = CASES["full"]
    with pytest.raises(BadInput, match=r"limit has no closed form for sigma 0.3; choose flow"):
        predict(experiment(task, model), "limit")
    with pytest.raises(BadInput, match=r"method: 'stepz' is not known"):
        predict(experiment(task, model), "stepz")

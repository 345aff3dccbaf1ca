"""Every published claim comes out as recorded, and otherwise in a setting that is wrong."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from retrodict.claims import Check, Claim, Effort, Evidence, alone, at_least, at_most, document
from retrodict.literature import PUBLISHED
from retrodict.literature._jeon_2026 import PAIRS, WIDTH, Layer, measure, questions
from retrodict.measures import Interval, over_learners
from retrodict.papers import Source
from retrodict.report._statements import Sheet, as_html, as_markdown
from retrodict.runs import Run
from retrodict.theory._separating_flow import Start

pytestmark = pytest.mark.seconds

FAST = Effort(fast=True)
KNOWN = {claim.name: claim for claim in PUBLISHED if claim.check}
WRONG = {
    "out-of-context-factorised": {"start": Start(factorised=False)},
    "out-of-context-merged": {"factorised": True},
    "identity-bridge": {"recipe": "identity"},
    "identity-alone": {"recipe": "bridge"},
    "masked-encoder": {"causal": True},
    "symmetric-value-output": {"value_output": "merged"},
}


def test_every_claim_has_a_wrong_setting():
    assert set(WRONG) == set(KNOWN)


def some(names):
    """Mark those that take most of a minute."""
    slow = {"masked-encoder"}
    return [pytest.param(n, marks=[pytest.mark.slow] if n in slow else []) for n in names]


@pytest.mark.parametrize("name", some(KNOWN))
def test_a_claim_comes_out_as_recorded(name, declared):
    told = []
    finding = KNOWN[name].examine(Effort(fast=True, tick=told.append))
    declared(f"published {name}", document(finding))
    assert finding.as_recorded
    failing = [part for part in finding.evidence.parts if not part.holds]
    assert finding.verdict == "reproduced", failing
    assert told[-1] == pytest.approx(1)
    assert told == sorted(told)


@pytest.mark.parametrize("name", some(WRONG))
def test_a_claim_is_contradicted_in_a_wrong_setting(name):
    finding = KNOWN[name].examine(FAST, **WRONG[name])
    assert finding.verdict == "contradicted"
    assert not finding.as_recorded
    assert finding.deciding.verdict == "fails"


def interval(mean: float, half: float = 0.1) -> Interval:
    return Interval(mean, mean - half, mean + half, 10)


def claimed(*parts: Claim, **options: object) -> Check:
    return Check(
        name="some",
        title="Some claim",
        words="It | holds.",
        source=Source("Ada, Bob, Cyd", 2026, "2601.00001"),
        grade="S",
        setting="theirs",
        testable="so",
        check=lambda effort: Evidence(parts, seeds=[0, 1], grid="all", notes=["<b>a note"]),
        **options,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("measured", "verdict"),
    [
        (interval(1.0), "reproduced"),
        (interval(0.95), "not reproduced at this scale"),  # its interval is on both sides
        (interval(0.5), "not reproduced at this scale"),
        (interval(0.25), "not reproduced at this scale"),  # the opposite is no more certain
        (interval(0.1), "contradicted"),
        (Interval(math.nan, math.nan, math.nan, 0), "not reproduced at this scale"),
    ],
)
def test_verdicts_are_of_whole_intervals(measured, verdict):
    finding = claimed(at_least("x", "x", "O", measured, 0.9, 0.3)).examine()
    assert finding.verdict == verdict
    mirrored = Interval(-measured.mean, -measured.high, -measured.low, measured.learners)
    assert claimed(at_most("x", "x", "O", mirrored, -0.9, -0.3)).examine().verdict == verdict


def test_what_was_not_learned_says_nothing():
    """A comparison without an opposite, such as whether the facts were learned, refutes nothing."""
    untaught = at_least("taught", "taught", "O", interval(0.2), 0.9)
    right = at_least("x", "x", "O", interval(1.0), 0.5, 0.1)
    finding = claimed(right, untaught).examine()
    assert finding.verdict == "not reproduced at this scale"
    assert finding.deciding.name == "taught"


def test_what_contradicts_decides():
    untaught = at_least("taught", "taught", "O", interval(0.2), 0.9)
    wrong = at_most("x", "x", "O", alone(2.0), 1.0, 1.0)
    finding = claimed(untaught, wrong).examine()
    assert finding.verdict == "contradicted"
    assert finding.deciding.name == "x"


@pytest.mark.parametrize(("value", "recorded"), [(0.5, True), (1.5, True), (-0.5, False)])
def test_a_known_outcome_is_as_recorded_and_a_worse_one_is_not(value, recorded):
    claim = claimed(at_least("x", "x", "O", interval(value), 1.0, 0.0), known="too small a model")
    assert claim.examine().as_recorded == recorded


def test_a_claim_needs_one_way_of_being_checked():
    with pytest.raises(ValueError, match="either check or judge"):
        dataclasses.replace(claimed(), check=None)
    with pytest.raises(ValueError, match="either check or judge"):
        dataclasses.replace(claimed(), judge=lambda runs: Evidence([]))


def test_tables_say_source_setting_and_numbers():
    claim = claimed(at_least("x", "x < y", "O", interval(0.5), 1.0), known="too small a model")
    finding = claim.examine(runs={"plain": Run(Path("reversal-0123"))})
    sheet = Sheet([finding], "command", published=True)
    assert sheet.cells(finding) == (
        "some",
        "Ada et al. 2026, arXiv 2601.00001 (S)",
        "x < y",
        "≥ 1",
        "0.5 ± 0.1",
        "10",
        "not reproduced at this scale (known)",
    )
    markdown = as_markdown(sheet)
    page = as_html(sheet)
    for text in ("Ada, Bob, Cyd 2026", "theirs", "too small a model", "reversal-0123", "0.5 ± 0.1"):
        assert text in markdown
        assert text in page
    assert "It \\| holds." in markdown
    assert "&lt;b&gt;a note" in page
    assert "x &lt; y" in page


def reference_logits(layer: Layer, tokens: list[int], at: int) -> np.ndarray:
    """Written token by token, with rotations as complex numbers."""
    names = ("embedding", "query", "key", "value", "out", "head")
    e, q, k, v, o, u = (getattr(layer, name).detach().numpy() for name in names)
    turn = 1e4 ** (-np.arange(0, WIDTH, 2) / WIDTH)

    def turned(x: np.ndarray, position: int) -> np.ndarray:
        return (x[0::2] + 1j * x[1::2]) * np.exp(1j * position * turn)

    seen = range(at + 1 if layer.causal else len(tokens))
    asked = turned(e[tokens[at]] @ q, at)
    scores = [np.real(np.vdot(turned(e[tokens[j]] @ k, j), asked)) / math.sqrt(WIDTH) for j in seen]
    weights = np.exp(scores) / np.exp(scores).sum()
    read = sum(w * (e[tokens[j]] @ v) for w, j in zip(weights, seen, strict=True))
    return (e[tokens[at]] + read @ o) @ u.T


@pytest.mark.parametrize("causal", [False, True])
def test_the_masked_layer_follows_its_formula(causal):
    layer = Layer(1, causal)
    sentences = [[3, 40, 41], [41, 40, 25]]
    for at in range(3):
        found = layer.logits(torch.tensor(sentences), at).detach().numpy()
        for row, tokens in zip(found, sentences, strict=True):
            np.testing.assert_allclose(row, reference_logits(layer, tokens, at), rtol=1e-11)


def test_an_inner_product_of_gradients_is_what_a_step_takes_off_the_other_loss():
    layer, step = Layer(0, causal=False), 1e-6
    ask, fact = questions(layer), torch.tensor([7])
    forward = torch.autograd.grad(ask["forward"](fact), layer.parameters)
    reverse = torch.autograd.grad(ask["reverse"](fact), layer.parameters)
    expected = sum(float((f * r).sum()) for f, r in zip(forward, reverse, strict=True))
    with torch.no_grad():
        before = float(ask["reverse"](fact))
        for parameter, gradient in zip(layer.parameters, forward, strict=True):
            parameter -= step * gradient
        taken = (before - float(ask["reverse"](fact))) / step
    assert expected > 0
    assert taken == pytest.approx(expected, rel=1e-3)


def test_the_reverse_question_is_never_trained():
    layer = Layer(0, causal=False)
    ask = questions(layer)
    everything = torch.arange(PAIRS)
    with torch.no_grad():
        found = {name: float(loss(everything)) for name, loss in ask.items()}
    assert found["taught"] == pytest.approx(found["forward"] + found["other"], rel=1e-12)
    assert abs(found["reverse"] - found["forward"]) > 1e-3


def test_a_cosine_is_of_unit_length():
    found = measure(0, causal=False, steps=0)
    assert 0.5 < found["own"] <= 1
    assert abs(found["mixed"]) < 0.2
    assert np.isfinite(over_learners(np.array(list(found.values()))).mean)

"""The flow of a value-output matrix against autograd, its invariant, and plain small steps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from retrodict.errors import CannotFinish
from retrodict.literature._huang_2025 import facts
from retrodict.theory import _separating_flow
from retrodict.theory._separating_flow import Fact, Facts, Start, learn, loss_and_pull, margins

TAUGHT, ASKED = facts(2, 1)


def autograd(facts: Facts, *parameters: torch.Tensor) -> tuple[float, list[np.ndarray]]:
    """Loss and gradients of W or of A, B, by torch."""
    leaves = [p.detach().requires_grad_() for p in parameters]
    w = leaves[0] if len(leaves) == 1 else leaves[0] @ leaves[1].T
    logits = torch.from_numpy(facts.inputs) @ w.T
    loss = F.cross_entropy(logits, torch.from_numpy(facts.answers))
    return float(loss.detach()), [g.numpy() for g in torch.autograd.grad(loss, leaves)]


def test_loss_and_pull_are_autograds():
    w = torch.randn(10, TAUGHT.inputs.shape[1], dtype=torch.float64)
    loss, (gradient,) = autograd(TAUGHT, w)
    found, pull = loss_and_pull(TAUGHT.inputs @ w.numpy().T, TAUGHT.answers)
    assert found == pytest.approx(loss, rel=1e-13)
    np.testing.assert_allclose(pull.T @ TAUGHT.inputs * found, -gradient, rtol=1e-11, atol=1e-15)


@pytest.mark.parametrize("gap", [-800.0, -3.0, 0.0, 20.0, 60.0, 700.0])
def test_loss_and_pull_keep_their_accuracy_at_any_gap(gap):
    """Two outputs: L = ln(1 + e^−g), and −dL/dg over L = 1/((1 + e^g) L)."""
    loss, pull = loss_and_pull(np.array([[gap, 0.0]]), np.array([0]))
    assert loss == pytest.approx(np.logaddexp(0, -gap), rel=1e-12)
    share = np.exp(-np.logaddexp(0, gap)) / np.logaddexp(0, -gap)
    np.testing.assert_allclose(pull, [[share, -share]], rtol=1e-12)


def test_margins_are_right_logits_less_the_best_other():
    w = np.random.default_rng(0).standard_normal((10, ASKED.inputs.shape[1]))
    few = np.arange(10) < 7
    for among in (None, few):
        for fact, found in enumerate(margins(w, ASKED, among)):
            logits = w @ ASKED.inputs[fact]
            answer = ASKED.answers[fact]
            others = [logits[j] for j in range(10) if j != answer and (among is None or among[j])]
            assert found == logits[answer] - max(others)


def test_the_flow_is_that_of_small_steps_of_gradient_descent():
    """Halving the step of plain gradient descent on A and B halves its distance at equal loss."""
    start, end = Start(alpha=0.5, width=6), 0.3
    expected = learn(TAUGHT, 3, start, end, rtol=1e-10)
    reached = loss_and_pull(TAUGHT.inputs @ expected.T, TAUGHT.answers)[0]
    errors = []
    for step in (0.4, 0.2):
        drawn = 0.5 / np.sqrt(6) * np.random.default_rng(3).standard_normal(6 * (10 + 17))
        a = torch.from_numpy(drawn[:60].reshape(10, 6).copy())
        b = torch.from_numpy(drawn[60:].reshape(17, 6).copy())
        before = (np.inf, np.zeros((10, 17)))
        while True:
            loss, (da, db) = autograd(TAUGHT, a, b)
            w = (a @ b.T).numpy()
            if loss <= reached:
                share = (before[0] - reached) / (before[0] - loss)
                w = before[1] + share * (w - before[1])
                break
            before = (loss, w)
            a, b = a - step * torch.from_numpy(da), b - step * torch.from_numpy(db)
        errors.append(np.abs(w - expected).max())
    assert errors[0] < 0.1
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.25)


def test_the_flow_keeps_what_gradient_flow_conserves(monkeypatch):
    """AᵀA − BᵀB does not move; the loss at the end is what was asked for."""
    kept = []
    product = _separating_flow._product
    monkeypatch.setattr(
        _separating_flow, "_product", lambda parts: (kept.append(parts), product(parts))[1]
    )
    weights = learn(TAUGHT, 0, Start(alpha=0.5, width=12))
    (a0, b0), (a1, b1) = kept[0], kept[-1]
    before, after = a0.T @ a0 - b0.T @ b0, a1.T @ a1 - b1.T @ b1
    assert np.abs(a1.T @ a1).max() > 1
    np.testing.assert_allclose(after, before, atol=1e-6)
    assert 0 < loss_and_pull(TAUGHT.inputs @ weights.T, TAUGHT.answers)[0] <= 1e-10


def test_facts_that_cannot_be_separated_are_not_finished(monkeypatch):
    monkeypatch.setattr(_separating_flow, "MOST_STEPS", 200)
    torn: list[Fact] = [((0,), 0), ((0,), 1)]
    with pytest.raises(CannotFinish, match="separable"):
        learn(Facts.of(1, 2, torn), 0)

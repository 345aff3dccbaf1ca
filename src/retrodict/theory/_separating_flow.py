"""Gradient flow of a value-output matrix on separable facts, down to a loss of 1e-10.

A prompt has the input x = Σ one-hot(token) and the logits W x. The parameters θ are W itself
(merged) or A and B with W = A Bᵀ (factorised). We integrate dθ/ds = −∇L/L. This has the
path of the gradient flow, with time dt = ds/L, and ln L falls at a nearly constant rate in s. In
flow time t, or with steps of constant size, the end would be at about 1e10.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.integrate import DOP853

from retrodict.errors import CannotFinish
from retrodict.theory._dynamics import flat, unflatten

MOST_STEPS = 20_000
LOSS = 1e-10
"""Mean loss of the facts in nats at which the flow ends."""
_FIRST_STEP, _ATOL = 1e-3, 1e-13

Fact = tuple[tuple[int, ...], int]
"""(tokens of the prompt, answer)."""


@dataclass(frozen=True)
class Facts:
    """Prompts and answers as arrays.

    Attributes:
        inputs: 1 where a token is in the prompt, else 0; shape (fact, token).
        answers: the right output, shape (fact,).
        outputs: number of outputs.
    """

    inputs: Float[np.ndarray, "fact token"]
    answers: Int[np.ndarray, " fact"]
    outputs: int

    @classmethod
    def of(cls, tokens: int, outputs: int, facts: list[Fact]) -> Facts:
        """Convert facts to arrays, for `tokens` tokens and `outputs` outputs."""
        inputs = np.zeros((len(facts), tokens))
        for row, (prompt, _) in zip(inputs, facts, strict=True):
            row[list(prompt)] = 1.0
        return cls(inputs, np.array([answer for _, answer in facts]), outputs)


@dataclass(frozen=True)
class Start:
    """How a value-output matrix is parametrised, and where it starts.

    Attributes:
        factorised: whether A and B with W = A Bᵀ are trained, rather than W itself.
        alpha: entries of A and B, or of W, start as N(0, alpha²/width).
        width: columns of A and B.
    """

    factorised: bool = True
    alpha: float = 0.01
    width: int = 64


FACTORISED = Start()


def loss_and_pull(
    logits: Float[np.ndarray, "fact output"], answers: Int[np.ndarray, " fact"]
) -> tuple[float, Float[np.ndarray, "fact output"]]:
    """Return the mean cross-entropy L, and minus its gradient by the logits divided by L.

    Both keep their relative accuracy where L is far below rounding error, since neither is computed
    as a difference.
    """
    facts = np.arange(len(answers))
    ahead = logits - logits[facts, answers][:, None]
    ahead[facts, answers] = -np.inf
    top = np.maximum(ahead.max(axis=1), 0.0)
    wrong = np.exp(ahead - top[:, None])
    right = np.exp(-top)
    total = right + wrong.sum(axis=1)
    loss = np.where(top > 0, top + np.log(total), np.log1p(wrong.sum(axis=1))).mean()
    pull = -wrong / total[:, None]
    pull[facts, answers] = -pull.sum(axis=1)
    return float(loss), pull / (len(answers) * loss)


def learn(
    facts: Facts, seed: int, start: Start = FACTORISED, loss: float = LOSS, rtol: float = 1e-8
) -> Float[np.ndarray, "output token"]:
    """Integrate the flow until the mean loss of the facts is at most `loss` nats; return W.

    Raises:
        CannotFinish: the loss does not get that low.
    """
    sizes = [(facts.outputs, facts.inputs.shape[1])]
    if start.factorised:
        sizes = [(ends, start.width) for ends in sizes[0]]
    rng = np.random.default_rng(seed)
    state = start.alpha / math.sqrt(start.width) * rng.standard_normal(sum(map(math.prod, sizes)))

    def rate(s: float, state: np.ndarray) -> np.ndarray:
        parts = unflatten(state, sizes)
        _, pull = loss_and_pull(facts.inputs @ _product(parts).T, facts.answers)
        if not start.factorised:
            return np.ravel(pull.T @ facts.inputs)
        a, b = parts
        return flat([pull.T @ (facts.inputs @ b), facts.inputs.T @ (pull @ a)])

    solver = DOP853(rate, 0.0, state, np.inf, rtol=rtol, atol=_ATOL, first_step=_FIRST_STEP)
    for _ in range(MOST_STEPS):
        weights = _product(unflatten(solver.y, sizes))
        if loss_and_pull(facts.inputs @ weights.T, facts.answers)[0] <= loss:
            return weights
        solver.step()
        if solver.status == "failed":
            break
    raise CannotFinish(f"the flow does not reach a loss of {loss:g}; are the facts separable?")


def margins(
    weights: Float[np.ndarray, "output token"],
    facts: Facts,
    among: Bool[np.ndarray, " output"] | None = None,
) -> Float[np.ndarray, " fact"]:
    """Return by how much each fact's right logit exceeds the largest other one.

    `among` says which outputs compete; by default all.
    """
    logits = facts.inputs @ weights.T
    at = np.arange(len(facts.answers))
    right = logits[at, facts.answers].copy()
    logits[at, facts.answers] = -np.inf
    if among is not None:
        logits[:, ~among] = -np.inf
    return np.asarray(right - logits.max(axis=1))


def _product(parts: list[np.ndarray]) -> np.ndarray:
    return parts[0] if len(parts) == 1 else parts[0] @ parts[1].T

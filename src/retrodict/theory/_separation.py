"""Training loss and reverse loss along gradient flow, which theorems 1 and 2 compare."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from retrodict.errors import BadInput
from retrodict.host import own_settings
from retrodict.theory._dynamics import Dynamics, nll

_POINTS = 60  # log-spaced observations in addition to the solver's own steps


@dataclass(frozen=True, eq=False)
class Separation:
    """Losses along a path of a gradient flow.

    Attributes:
        times: t, from 0 on.
        loss: L, the mean training cross-entropy, in nats.
        reverse: L_rev, the NLL of the held-out question, in nats.
        first_exponent: the limit t → 0 of ln(L_rev/L_rev(0)) / ln(L/L(0)), from derivatives.
    """

    times: Float[np.ndarray, " time"]
    loss: Float[np.ndarray, " time"]
    reverse: Float[np.ndarray, " time"]
    first_exponent: float

    @property
    @own_settings()
    def epsilon(self) -> float:
        """The smallest ε ≥ 0 with L_rev/L_rev(0) ≥ (L/L(0))^ε at all t > 0 (0 if L_rev rises)."""
        reverse, loss = (np.log(x[1:] / x[0]) for x in (self.reverse, self.loss))
        return float(np.max([0.0, self.first_exponent, (reverse / loss).max()]))  # NaN stays NaN

    @property
    @own_settings()
    def deviation(self) -> float:
        """Largest relative change of the reverse loss on the path."""
        return float(np.abs(self.reverse / self.reverse[0] - 1).max())

    @own_settings()
    def reverse_at_loss(self, c: float) -> float:
        """Return L_rev when the training loss first reaches c; NaN if it never does."""
        below = np.flatnonzero(self.loss <= c)
        if not len(below):
            return float("nan")
        at = int(below[0])
        if at == 0:
            return float(self.reverse[0])
        pair = slice(at - 1, at + 1)  # L falls like a power of t: ln L is nearly linear there
        return float(np.interp(-np.log(c), -np.log(self.loss[pair]), self.reverse[pair]))


@own_settings()
def separate(
    system: Dynamics, question: tuple[int, int], until: float = 1e8, rtol: float = 1e-6
) -> Separation:
    """Integrate a flow until a time; record its training loss and reverse loss.

    Args:
        system: the flow.
        question: the held-out (input token, right answer).
        until, rtol: the last time, and the solver's relative tolerance.

    Raises:
        BadInput: the question or the time is out of range.
    """
    token, answer = question
    if not (0 <= token < system.m and 0 <= answer < system.m):
        raise BadInput(f"question: {question} is outside the vocabulary, 0 to {system.m - 1}")
    if not until > 1e-3:
        raise BadInput(f"until: {until:g} must be above 0.001, where observation begins")
    tokens = np.union1d(system.rows, [token])
    rows, asked = np.searchsorted(tokens, system.rows), int(np.searchsorted(tokens, token))
    times = np.concatenate([[0.0], np.logspace(-3, np.log10(until), _POINTS)])
    found = [
        (t, system.loss_of(z[rows]), float(nll(z[asked])[answer]))
        for t, z in system.follow(times, tokens, every_step=True, rtol=rtol, atol=1e-2 * rtol)
    ]
    t, loss, reverse = (np.array(column) for column in zip(*found, strict=True))
    return Separation(t, loss, reverse, _first_exponent(system, token, answer))


def _first_exponent(system: Dynamics, token: int, answer: int) -> float:
    """Return (L_rev'/L_rev) / (L'/L) at t = 0."""
    step, start = 1e-6, system.start
    velocity = system.rate(start)
    tokens = np.append(system.rows, token)
    before, after = (system.logits(start + h * velocity, tokens) for h in (-step, step))
    slope = (after - before) / (2 * step)
    cost = nll(system.logits(start, tokens))
    p = np.exp(-cost)
    reverse_slope = float(p[-1] @ slope[-1] - slope[-1, answer])
    weight = system.counts[:, None] * p[:-1] - system.wanted
    loss_slope = float((weight * slope[:-1]).sum() / len(system.inputs))
    loss = float((system.wanted * cost[:-1]).sum() / len(system.inputs))
    return (reverse_slope / float(cost[-1, answer])) / (loss_slope / loss)

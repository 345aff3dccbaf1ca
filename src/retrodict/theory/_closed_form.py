"""Closed form of one row of weights: one input token and its targets, orthonormal embeddings.

Under gradient flow on cross-entropy from zero, the logits of K equally frequent targets among M
tokens rise together above the other M − K. With their gap u and the effective time τ = t/N,

    K eᵘ + (M − K) u = K + M τ,          p(target) = eᵘ / (K eᵘ + M − K).

It is exact for a row of the one-layer transformer's Y, and for the bilinear model as d → ∞.
Derivation: docs/theory.md [O].
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodict.errors import BadInput
from retrodict.host import own_settings

_NEWTON_STEPS = 12  # convex and monotone from above: 7 are enough over 24 decades of tau

Numbers = int | float | np.number[Any] | np.ndarray | Sequence[Any]
Array = NDArray[np.float64]
Reals = Array | np.float64


@own_settings()
def logit_gap(tau: Numbers, vocab_size: Numbers, targets: Numbers = 1) -> Reals:
    """Return u(τ): a target's logit minus any other token's, in nats. All arguments broadcast.

    Args:
        tau: effective time, at least 0: learning rate times visits of each target.
        vocab_size: M, the number of tokens in the softmax, at least 2.
        targets: K, the number of equally frequent targets, from 1 to M − 1.

    Returns:
        float64, with full relative accuracy for every τ from 0 to infinity.

    Raises:
        BadInput: a negative or missing time, or invalid sizes.

    >>> float(logit_gap(10, 800).round(8))
    7.57489618
    """
    t, m, k = _checked(tau, vocab_size, targets)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        u = np.minimum(np.log1p(m * t / k), t)
        for _ in range(_NEWTON_STEPS):
            excess = k * np.expm1(u) + (m - k) * u - m * t
            u = u - excess / (k * np.exp(u) + (m - k))
        # where M τ exceeds the largest float64, u is ln(M/K) + ln τ to the last digit
        beyond = np.log(m / k) + np.log(t)
    return np.where(np.isfinite(u), u, beyond)[()]


@own_settings()
def row_nll(tau: Numbers, vocab_size: Numbers, targets: Numbers = 1) -> Reals:
    """Return the NLL of a target at effective time τ, in nats; arguments as in `logit_gap`.

    It starts at ln M and ends at ln K; for K = 1 it falls like (M − 1)/(M τ).

    >>> row_nll([1, 10, 100], 800).round(10)
    array([5.68765017, 0.34360799, 0.01117893])
    """
    _, m, k = _checked(tau, vocab_size, targets)
    u = logit_gap(tau, m, k)
    return (np.log(k) + np.log1p((m - k) / k * np.exp(-u)))[()]


@own_settings()
def other_nll(tau: Numbers, vocab_size: Numbers, targets: Numbers = 1) -> Reals:
    """Return the NLL of a token that is not a target, in nats; it rises from ln M."""
    nll: Reals = row_nll(tau, vocab_size, targets) + logit_gap(tau, vocab_size, targets)
    return nll


@own_settings()
def row_logits(tau: Numbers, vocab_size: Numbers, targets: Numbers = 1) -> tuple[Reals, Reals]:
    """Return the logits of a target and of any other token: (1 − K/M) u and −(K/M) u."""
    _, m, k = _checked(tau, vocab_size, targets)
    u = logit_gap(tau, m, k)
    return ((1 - k / m) * u)[()], (-k / m * u)[()]


@own_settings()
def time_to_nll(nll: Numbers, vocab_size: Numbers) -> Reals:
    """Return the effective time τ at which a row with one target reaches an NLL.

    Args:
        nll: the NLL in nats, above 0; at or above ln M the time is 0.
        vocab_size: M.

    Raises:
        BadInput: the NLL is never reached.

    >>> float(row_nll(time_to_nll(0.1, 800), 800).round(12))
    0.1
    """
    wanted = np.asarray(nll, dtype=np.float64)
    if not np.all(wanted > 0):
        raise BadInput(f"nll: {np.nanmin(wanted):g} is never reached; it must be above 0")
    _, m, _ = _checked(0.0, vocab_size, 1)
    u = np.maximum(np.log(m - 1) - np.log(np.expm1(wanted)), 0.0)
    time: Reals = ((np.expm1(u) + (m - 1) * u) / m)[()]
    return time


@own_settings()
def gap_bounds(tau: Numbers, vocab_size: Numbers) -> tuple[Reals, Reals]:
    """Return a lower and an upper bound of `logit_gap` (K = 1), explicit in τ [O].

    ln(Mτ) + ln(1 − ln(1+Mτ)/τ) ≤ u ≤ ln(1+Mτ). The lower bound is −inf unless τ > ln(1+Mτ).
    """
    t, m, _ = _checked(tau, vocab_size, 1)
    high = np.log1p(m * t)
    with np.errstate(divide="ignore", invalid="ignore"):
        room = np.where(t > high, 1 - high / t, 0.0)
        low = np.where(room > 0, np.log(m * t) + np.log(room), -np.inf)
    return low[()], high[()]


@own_settings()
def miss_bounds(tau: Numbers, vocab_size: Numbers) -> tuple[Reals, Reals]:
    """Return a lower and an upper bound of 1 − p(target) (K = 1), explicit in τ [O].

    (M−1)/(M(1+τ)) ≤ 1 − p ≤ 1/(1 + τ − ln(1+Mτ)). The upper bound is 1 unless τ > ln(1+Mτ).
    """
    t, m, _ = _checked(tau, vocab_size, 1)
    room = t - np.log1p(m * t)
    return ((m - 1) / (m * (1 + t)))[()], (1 / (1 + np.maximum(room, 0.0)))[()]


def _checked(tau: Any, vocab_size: Any, targets: Any) -> tuple[Array, Array, Array]:
    tau, m, k = (np.asarray(x, dtype=np.float64) for x in (tau, vocab_size, targets))
    if not np.all(tau >= 0):  # catches NaN too
        bad = tau[~(tau >= 0)].flat[0]
        raise BadInput(f"tau: {bad:g} is not an effective time; it must be at least 0")
    valid = (m >= 2) & (m == np.floor(m)) & np.isfinite(m)
    if not np.all(valid):
        bad = m[~valid].flat[0]
        raise BadInput(f"vocab_size: {bad:g} is not a size; it must be a whole number, 2 or more")
    if not np.all((k >= 1) & (k < m) & (k == np.floor(k))):
        raise BadInput(
            f"targets: {np.max(k):g} targets in a vocabulary of {np.min(m):g}; "
            "there must be at least 1 and fewer than tokens"
        )
    return tau, m, k

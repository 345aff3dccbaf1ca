"""Asymmetry and intransitivity: how much of a trained association the untrained one lacks."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.measures._effective_weights import strength
from retrodict.trace import Trace


@own_settings()
def asymmetry(
    there: Float[np.ndarray, "*rest n n"], back: Float[np.ndarray, "*rest n n"]
) -> Float[np.ndarray, "*rest"]:
    """Return the share of the strength from A to B that is missing from B to A.

    1 − strength(B → A) / strength(A → B): 0 for a symmetric association, 1 if B does not lead back
    to A, above 1 if the way back is suppressed. NaN if strength(A → B) is 0.

    Args:
        there: effective weights from A_i (rows) to B_j.
        back: effective weights from B_i (rows) to A_j.
    """
    return _missing(strength(back), strength(there))


@own_settings()
def intransitivity(
    first: Float[np.ndarray, "*rest n n"],
    second: Float[np.ndarray, "*rest n n"],
    leap: Float[np.ndarray, "*rest n n"],
) -> Float[np.ndarray, "*rest"]:
    """Return the share of the weaker step's strength that is missing from the leap A to C.

    1 − strength(A → C) / min(strength(A → B), strength(B → C)); read as `asymmetry`.
    """
    weaker = np.asarray(np.minimum(strength(first), strength(second)))
    return _missing(strength(leap), weaker)


_INDICES: dict[str, tuple[Callable[..., np.ndarray], tuple[str, ...]]] = {
    "asymmetry": (asymmetry, ("train_seen", "validation")),
    "asymmetry_control": (asymmetry, ("train_forward", "train_backward")),
    "intransitivity": (intransitivity, ("train_seen_a_to_b", "train_seen_b_to_c", "validation")),
    "intransitivity_control": (intransitivity, ("train_a_to_b", "train_b_to_c", "train_a_to_c")),
}
"""Index → its function, and the panels that the function takes."""


@own_settings()
def indices(trace: Trace, variant: str = "entity_only") -> dict[str, Float[np.ndarray, " learner"]]:
    """Compute every index that the panels of a trace allow, at its last snapshot, for each learner.

    Args:
        trace: of the reversal, pairs or chain task.
        variant: `entity_only` or `prompt_matched` effective weights.

    Returns:
        `asymmetry` (facts taught one way) and `asymmetry_control` (taught both ways), or
        `intransitivity` (triples whose leap was not taught) and `intransitivity_control` (taught).
        Empty if the trace has no such panels.
    """
    found = {}
    for name, (index, panels) in _INDICES.items():
        if trace.weights.keys() >= set(panels):
            last = [trace.weights[panel][variant].isel(snapshot=-1).values for panel in panels]
            if len({matrices.shape for matrices in last}) == 1:
                found[name] = index(*last)
    return found


def _missing(
    untrained: Float[np.ndarray, "*rest"], trained: Float[np.ndarray, "*rest"]
) -> Float[np.ndarray, "*rest"]:
    with np.errstate(invalid="ignore", divide="ignore"):
        share: np.ndarray = np.where(trained > 0, 1 - untrained / trained, np.nan)
    return share

"""Brute force: the bilinear model's dynamics in its own parameters, Θ (d × d) or factors of Θ."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from retrodict.errors import BadInput
from retrodict.host import own_settings
from retrodict.theory._dynamics import (
    Dynamics,
    State,
    factors_of,
    flat,
    nll,
    require_matrix,
    unflatten,
)

MOST_DIMENSIONS = 50  # a step of an implicit solver factorises a d² × d² matrix


class ParameterFlow(Dynamics):
    """Gradient dynamics of `Z = E Θ Eᵀ` in its parameters.

    A rate costs R m d + R d² operations for R distinct inputs.

    Args:
        embeddings: E, one row per token.
        inputs, targets: token ids, one per training sentence.
        weights: the start, as `Bilinear.weights` draws it: (Θ,), (U, V) or (W,); None is Θ = 0.
        parametrisation: `full`, `symmetric`, `factorised` or `tied`.
        weight_decay: λ.

    Raises:
        BadInput: tokens outside the vocabulary, or arrays of the wrong shape.
    """

    @own_settings()
    def __init__(
        self,
        embeddings: Float[np.ndarray, "m d"],
        inputs: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        weights: Sequence[Float[np.ndarray, "d width"]] | None = None,
        parametrisation: str = "full",
        weight_decay: float = 0.0,
    ) -> None:
        embeddings = np.asarray(embeddings, dtype=float)
        require_matrix("embeddings", embeddings, (None, None))
        super().__init__(len(embeddings), inputs, targets, weight_decay)
        self.embeddings, self.parametrisation = embeddings, parametrisation
        d = embeddings.shape[1]
        weights = tuple(weights) if weights is not None else (np.zeros((d, d)),)
        self._factors = factors_of(parametrisation)
        needed = max(self._factors, 1)
        if len(weights) != needed or any(len(w) != d for w in weights):
            raise BadInput(
                f"weights: parametrisation {parametrisation} takes {needed} of {d} rows, got "
                f"{len(weights)} of shapes {', '.join(str(w.shape) for w in weights)}"
            )
        for w in weights:
            require_matrix("weights", w, (d, None if self._factors else d))
        self._shapes = [w.shape for w in weights]
        self.start = flat(np.asarray(w, dtype=float) for w in weights)

    def logits(
        self, state: State, tokens: Int[np.ndarray, " token"]
    ) -> Float[np.ndarray, "token m"]:
        """Return E[tokens] Θ Eᵀ."""
        x, e = self.embeddings[tokens], self.embeddings
        first, last = self._ends(state)
        if self._factors:
            return np.asarray((x @ first) @ (e @ last).T)
        theta = (first + first.T) / 2 if self.parametrisation == "symmetric" else first
        return np.asarray(x @ theta @ e.T)

    def pull(self, state: State, error: Float[np.ndarray, "row m"]) -> State:
        """Return the direction of the parameters: for `full`, Xᵀ error E."""
        x, e = self.embeddings[self.rows], self.embeddings
        if not self._factors:
            gradient = x.T @ error @ e
            symmetric = self.parametrisation == "symmetric"
            return np.ravel((gradient + gradient.T) / 2 if symmetric else gradient)
        first, last = self._ends(state)
        moved = [x.T @ (error @ (e @ last)), e.T @ (error.T @ (x @ first))]
        return flat([moved[0] + moved[1]] if self.parametrisation == "tied" else moved)

    def jacobian(self, state: State) -> Float[np.ndarray, "state state"] | None:
        """Return minus the exact Hessian for `full` and `symmetric`; None for factors."""
        if self._factors:
            return None
        x, e = self.embeddings[self.rows], self.embeddings
        d = e.shape[1]
        p = np.exp(-nll(self.logits(state, self.rows)))
        mean = p @ e
        spread = (p[:, :, None] * e[None]).transpose(0, 2, 1) @ e - mean[:, :, None] * mean[:, None]
        weight = self.counts / len(self.inputs)
        outer = (weight[:, None, None] * x[:, :, None] * x[:, None, :]).reshape(len(x), -1)
        blocks = (outer.T @ spread.reshape(len(x), -1)).reshape(d, d, d, d)  # a c b d
        full = -blocks.transpose(0, 2, 1, 3)
        if self.parametrisation == "symmetric":
            full = (full + full.transpose(1, 0, 2, 3)) / 2
            full = (full + full.transpose(0, 1, 3, 2)) / 2
        jacobian: np.ndarray = full.reshape(d * d, d * d) - self.weight_decay * np.eye(d * d)
        return jacobian

    def implicit(self, state: State) -> Dynamics | None:
        """Return the same flow, started at `state`; None unless its Jacobian is exact and small."""
        x = self.embeddings
        if self._factors or x.shape[1] > MOST_DIMENSIONS:
            return None
        first, _ = self._ends(state)
        return ParameterFlow(
            x, self.inputs, self.targets, [first], self.parametrisation, self.weight_decay
        )

    def _ends(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Return the two factors of Θ; the same matrix twice where there is one."""
        first, *last = unflatten(state, self._shapes)
        return first, last[0] if last else first

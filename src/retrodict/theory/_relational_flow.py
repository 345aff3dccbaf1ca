"""Gradient flow of the relational model, Z(x, r) = u_xᵀ R_r Vᵀ, with weight decay λ.

Let G_r be minus the gradient of the loss by the logits of relation r (entity × token). Then

    U' = Σ_r G_r V R_rᵀ − λU      R_r' = Uᵀ G_r V − λR_r      V' = Σ_r G_rᵀ U R_r − λV
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from retrodict.errors import BadInput
from retrodict.host import own_settings
from retrodict.theory._dynamics import (
    Dynamics,
    State,
    flat,
    require_matrix,
    require_tokens,
    unflatten,
)


class RelationalFlow(Dynamics):
    """Gradient dynamics of the relational model; the state is (u, R, v), or the trained part of it.

    A question (x, r) has the code `r m + x`, which `follow` and `logits` take as a token. Relations
    are numbered from 0, while `Relational.weights` orders their matrices by `relation_slots`.

    Args:
        weights: the start, (u, R, v), of shapes (m, d), (relations, d, d) and (m, d); or (u, R)
            if v is u.
        entities, relations, targets: ids, one per training sentence.
        weight_decay: λ.
        freeze_embeddings: keep u and v fixed.

    Raises:
        BadInput: unknown tokens or relations, or arrays of the wrong shape.

    >>> rng = np.random.default_rng(0)
    >>> weights = [rng.standard_normal(shape) for shape in ((4, 3), (2, 3, 3), (4, 3))]
    >>> flow = RelationalFlow(weights, entities=[0, 1], relations=[0, 1], targets=[1, 0])
    >>> [logits.shape for _, logits in flow.follow([1.0], flow.questions([0], [1]))]
    [(1, 4)]
    """

    @own_settings()
    def __init__(
        self,
        weights: Sequence[Float[np.ndarray, "..."]],
        entities: Sequence[int] | Int[np.ndarray, " sentence"],
        relations: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        weight_decay: float = 0.0,
        freeze_embeddings: bool = False,
    ) -> None:
        if len(weights) not in (2, 3):
            raise BadInput(f"weights: (u, R, v), or (u, R) if tied; got {len(weights)} arrays")
        u, r, *v = (np.asarray(part, dtype=float) for part in weights)
        require_matrix("weights u", u, (None, None))
        m, d = u.shape
        require_matrix("weights R", r, (None, d, d))
        for part in v:
            require_matrix("weights v", part, (m, d))
        self.tied, self.frozen = not v, freeze_embeddings
        self._fixed = (u, *v)
        trained = (r,) if freeze_embeddings else (u, r, *v)
        self._shapes = [part.shape for part in trained]
        self.relations, self.m = len(r), m
        super().__init__(
            m,
            self.questions(entities, relations),
            targets,
            weight_decay,
            input_count=self.relations * m,
        )
        self.start = flat(trained)

    def questions(
        self,
        entities: Sequence[int] | Int[np.ndarray, " question"],
        relations: Sequence[int] | Int[np.ndarray, " question"],
    ) -> Int[np.ndarray, " question"]:
        """Return the codes of the questions (entity, relation).

        Raises:
            BadInput: an unknown entity or relation, or different numbers of them.
        """
        x, r = np.asarray(entities), np.asarray(relations)
        if x.shape != r.shape or x.ndim != 1:
            raise BadInput(f"entities and relations: shapes {x.shape} and {r.shape} do not fit")
        require_tokens("entity", x, self.m)
        require_tokens("relation", r, self.relations)
        return np.asarray(r * self.m + x)

    @own_settings()
    def weights(
        self, state: State
    ) -> tuple[
        Float[np.ndarray, "m d"], Float[np.ndarray, "relation d d"], Float[np.ndarray, "m d"]
    ]:
        """Return u, R and v of a state; v is u if tied."""
        parts = unflatten(state, self._shapes)
        if self.frozen:
            return self._fixed[0], parts[0], self._fixed[-1]
        return parts[0], parts[1], parts[0] if self.tied else parts[2]

    def logits(
        self, state: State, tokens: Int[np.ndarray, " question"]
    ) -> Float[np.ndarray, "question m"]:
        """Return the logits of every token after each question."""
        u, r, v = self.weights(state)
        relation, entity = np.divmod(tokens, self.m)
        found = np.empty((len(tokens), self.m))
        for i in np.unique(relation):
            asked = relation == i
            found[asked] = u[entity[asked]] @ r[i] @ v.T
        return found

    def pull(self, state: State, error: Float[np.ndarray, "row m"]) -> State:
        """Return the direction of the parameters: the three sums above, without weight decay."""
        u, r, v = self.weights(state)
        du, dr, dv = np.zeros_like(u), np.zeros_like(r), np.zeros_like(v)
        relation, entity = np.divmod(self.rows, self.m)
        for i in np.unique(relation):
            x, pulled = entity[relation == i], error[relation == i]
            back = pulled @ v
            dr[i] = u[x].T @ back
            if not self.frozen:
                du[x] += back @ r[i].T  # rows are distinct, so x has no repeats
                dv += pulled.T @ (u[x] @ r[i])
        if self.frozen:
            return dr.ravel()
        return flat([du + dv, dr] if self.tied else [du, dr, dv])

"""Exact gradient flow of the bilinear model in Gram coordinates: R × m numbers in place of d × d.

Gradients are linear combinations of embeddings. So, with the Gram matrix G = E Eᵀ, the R distinct
inputs `in` and the start L₀ = E Θ₀ Eᵀ,

    full:        Z = α L₀ + G[:, in] C G                              dC/dt = D
    symmetric:   Z = α L₀ + ½ (G[:, in] C G + G Cᵀ G[in, :])           dC/dt = D
    factorised:  P = α E U₀ + G[:, in] A,  Q = α E V₀ + G B,           dA/dt = D Q,
                 Z = P Qᵀ                                             dB/dt = Dᵀ P[in]
    tied:        P = α E W₀ + G A,                                 dA/dt = Dᵀ P[in] + I[:, in] D P
                 Z = P Pᵀ

where D = (wanted − counts · softmax(Z[in])) / N, and α = exp(−λ t) under weight decay λ, else 1.
Nothing depends on d. Factors with more than 2m columns are equivalent to 2m columns. Proof:
docs/theory.md [O].
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from retrodict.errors import BadInput
from retrodict.host import own_settings
from retrodict.models import factor_std
from retrodict.theory._dynamics import Dynamics, State, factors_of, flat, require_matrix
from retrodict.theory._parameter_flow import MOST_DIMENSIONS, ParameterFlow


class GramFlow(Dynamics):
    """Gradient dynamics of a bilinear model in Gram coordinates.

    Args:
        gram: G = E Eᵀ; None is the identity: orthonormal tokens, as in the limit d → ∞ and in the
            one-layer transformer.
        inputs, targets: token ids, one per training sentence; repeats and conflicts are allowed.
        m: number of tokens in the vocabulary; needed only if `gram` is None.
        start_logits: L₀ = E Θ₀ Eᵀ for `full` and `symmetric`; None is zero.
        factors: (E U₀, E V₀), or (E W₀,) for `tied`.
        parametrisation: `full`, `symmetric`, `factorised` or `tied`.
        weight_decay: λ.

    Raises:
        BadInput: tokens outside the vocabulary, or arrays of the wrong shape.

    >>> flow = GramFlow(None, inputs=[0], targets=[1], m=800)
    >>> [round(flow.loss_of(logits), 4) for _, logits in flow.follow([1.0, 10.0])]
    [5.6877, 0.3436]
    """

    @own_settings()
    def __init__(
        self,
        gram: Float[np.ndarray, "m m"] | None,
        inputs: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        *,
        m: int | None = None,
        start_logits: Float[np.ndarray, "m m"] | None = None,
        factors: Sequence[Float[np.ndarray, "m rank"]] = (),
        parametrisation: str = "full",
        weight_decay: float = 0.0,
    ) -> None:
        size = len(gram) if gram is not None else m
        if size is None:
            raise BadInput("gram: without it, give m, the number of tokens")
        super().__init__(size, inputs, targets, weight_decay)
        if gram is not None:
            gram = np.asarray(gram, dtype=float)
            require_matrix("gram", gram, (size, size))
            if m not in (None, size):
                raise BadInput(f"m: {m} does not fit a gram matrix of {size} tokens; leave it out")
        self.gram, self.parametrisation = gram, parametrisation
        self._gram_in = None if gram is None else gram[self.rows[:, None], self.rows]
        needed = factors_of(parametrisation)
        if len(factors) != needed:
            raise BadInput(
                f"factors: parametrisation {parametrisation} takes {needed}, got {len(factors)}"
            )
        for factor in factors:
            require_matrix("factors", factor, (size, factors[0].shape[1]))
        if start_logits is not None:
            if needed:
                raise BadInput("start_logits: the factors already give the start; leave it out")
            require_matrix("start_logits", start_logits, (size, size))
        self.factors = tuple(factors)
        self._rank = self.factors[0].shape[1] if needed else size
        if start_logits is not None and parametrisation == "symmetric":
            start_logits = (start_logits + start_logits.T) / 2
        self.start_logits = start_logits
        r = len(self.rows)
        coordinates = {"factorised": r + size, "tied": size}.get(parametrisation, r) * self._rank
        self.start = np.zeros(coordinates + 1)
        self.start[-1] = 1.0  # α, the share of the start that remains under weight decay

    @classmethod
    @own_settings()
    def from_embeddings(
        cls,
        embeddings: Float[np.ndarray, "m d"],
        inputs: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        weights: Sequence[Float[np.ndarray, "d width"]] | None = None,
        parametrisation: str = "full",
        weight_decay: float = 0.0,
    ) -> GramFlow:
        """Return the flow of given embeddings and weights; arguments as in `ParameterFlow`."""
        mapped = [embeddings @ w for w in weights or ()]
        factored = factors_of(parametrisation)
        moving = not factored and mapped and bool(np.any(mapped[0]))
        return cls(
            embeddings @ embeddings.T,
            inputs,
            targets,
            start_logits=mapped[0] @ embeddings.T if moving else None,
            factors=mapped if factored else (),
            parametrisation=parametrisation,
            weight_decay=weight_decay,
        )

    @classmethod
    @own_settings()
    def draw(
        cls,
        d: int,
        m: int,
        inputs: Sequence[int] | Int[np.ndarray, " sentence"],
        targets: Sequence[int] | Int[np.ndarray, " sentence"],
        *,
        sigma: float = 0.0,
        parametrisation: str = "full",
        rank: int | None = None,
        weight_decay: float = 0.0,
        seed: int | np.random.SeedSequence = 0,
    ) -> GramFlow:
        """Draw the flow of m Gaussian embeddings in d dimensions, exactly in law, for any d.

        G is Wishart (Bartlett's decomposition, d ≥ m). With G = R Rᵀ, E Θ₀ Eᵀ is distributed as
        σ R W Rᵀ with W Gaussian m × m, and (E U₀, E V₀) as R times the blocks of such a root.

        Args:
            d, sigma, parametrisation, rank: as in `Bilinear`.
            m, inputs, targets, weight_decay: as in the constructor.
            seed: seed of the draw.

        Raises:
            BadInput: σ or d is invalid, or a token is outside the vocabulary.
        """
        if not math.isfinite(sigma) or sigma < 0:
            raise BadInput(f"sigma: {sigma} must be finite and at least 0")
        if d < 1 or m < 2 or d != int(d) or m != int(m):
            raise BadInput(f"d = {d}, m = {m}: whole numbers, d at least 1 and m at least 2")
        if rank is not None and rank < 1:
            raise BadInput(f"rank: {rank} must be at least 1")
        factored = factors_of(parametrisation)
        if factored and not sigma:
            raise BadInput(f"sigma: parametrisation {parametrisation} needs it above 0")
        rng = np.random.default_rng(seed)
        root = wishart_root(d, m, rng)
        columns, k = d if rank is None else rank, root.shape[1]
        factors, start = [], None
        if factored:
            # rotating all columns changes nothing, so k rows per factor suffice
            std = factor_std(sigma, columns)
            drawn = std * math.sqrt(columns) * wishart_root(columns, factored * k, rng)
            factors = [root @ part for part in np.split(drawn, factored)]
        elif sigma:
            start = sigma * root @ rng.standard_normal((k, k)) @ root.T
        return cls(
            root @ root.T,
            inputs,
            targets,
            start_logits=start,
            factors=factors,
            parametrisation=parametrisation,
            weight_decay=weight_decay,
        )

    def logits(
        self, state: State, tokens: Int[np.ndarray, " token"]
    ) -> Float[np.ndarray, "token m"]:
        """Return Z[tokens]."""
        if self.factors:
            left, right = self._mapped(state)
            return np.asarray(left[tokens] @ right.T)
        c = state[:-1].reshape(len(self.rows), self.m)
        found = self._grown(c, tokens)
        if self.parametrisation == "symmetric":
            found = (found + self._grown_back(c, tokens)) / 2
        if self.start_logits is not None:
            found = found + state[-1] * self.start_logits[tokens]
        return found

    def pull(self, state: State, error: Float[np.ndarray, "row m"]) -> State:
        """Return the direction of the coordinates; only weight decay moves α."""
        moved = [error]
        if self.factors:
            left, right = self._mapped(state)
            moved = [error @ right, error.T @ left[self.rows]]
            if self.parametrisation == "tied":
                both = moved.pop()
                both[self.rows] += moved.pop()
                moved = [both]
        return flat([*moved, np.zeros(1)])

    def implicit(self, state: State) -> Dynamics | None:
        """Return the flow in the k² parameters of the k dimensions that the tokens span.

        None if k² is not below the number of Gram coordinates, or for factors.
        """
        if self.gram is None or self.factors:
            return None
        root = _root(self.gram)
        k = root.shape[1]
        if k * k >= len(self.rows) * self.m or k > MOST_DIMENSIONS:
            return None
        inverse = np.linalg.pinv(root)
        theta = inverse @ self.logits(state, np.arange(self.m)) @ inverse.T
        return ParameterFlow(
            root, self.inputs, self.targets, [theta], self.parametrisation, self.weight_decay
        )

    def _grown(
        self, c: Float[np.ndarray, "row m"], tokens: Int[np.ndarray, " token"]
    ) -> Float[np.ndarray, "token m"]:
        """Return (G[:, in] C G)[tokens]."""
        if self.gram is not None:
            whole = tokens is self.rows  # needed at every step, so its part of G is stored
            part = self._gram_in if whole else self.gram[tokens[:, None], self.rows]
            return np.asarray(part @ c @ self.gram)
        place = np.searchsorted(self.rows, tokens).clip(max=len(self.rows) - 1)
        return np.where((self.rows[place] == tokens)[:, None], c[place], 0.0)

    def _grown_back(
        self, c: Float[np.ndarray, "row m"], tokens: Int[np.ndarray, " token"]
    ) -> Float[np.ndarray, "token m"]:
        """Return (G Cᵀ G[in, :])[tokens]."""
        if self.gram is not None:
            return np.asarray(self.gram[tokens] @ c.T @ self.gram[self.rows])
        back = np.zeros((len(tokens), self.m))
        back[:, self.rows] = c[:, tokens].T
        return back

    def _mapped(self, state: State) -> tuple[np.ndarray, np.ndarray]:
        """Return P and Q, where Z = P Qᵀ; Q is P if tied."""
        alpha, coordinates = state[-1], state[:-1].reshape(-1, self._rank)
        a, b = coordinates[: -self.m], coordinates[-self.m :]
        right = alpha * self.factors[-1] + (b if self.gram is None else self.gram @ b)
        if self.parametrisation == "tied":
            return right, right
        left = alpha * self.factors[0]
        if self.gram is None:
            left[self.rows] += a
        else:
            left += self.gram[:, self.rows] @ a
        return left, right


@own_settings()
def wishart_root(d: int, m: int, rng: np.random.Generator) -> Float[np.ndarray, "m k"]:
    """Draw R with R Rᵀ distributed as E Eᵀ, for m embeddings N(0, I/d); k = min(d, m).

    For d < m, R is E itself. Otherwise it is Bartlett's triangular decomposition, whose cost does
    not depend on d.
    """
    if d < m:
        return np.asarray(rng.standard_normal((m, d)) / math.sqrt(d))
    root = np.tril(rng.standard_normal((m, m)), -1)
    root[np.diag_indices(m)] = np.sqrt(rng.chisquare(d - np.arange(m)))
    return root / math.sqrt(d)


def _root(gram: Float[np.ndarray, "m m"]) -> Float[np.ndarray, "m k"]:
    """Return R (m × rank) with R Rᵀ = G."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > 1e-12 * values[-1]
    return np.asarray(vectors[:, kept] * np.sqrt(values[kept]))

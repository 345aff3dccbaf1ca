"""The two models the paper analyses, as data, and where each learner starts. NumPy only.

Theory and training both draw a learner's embeddings and initial weights here, from the same
stream, so that a prediction is about the very learner that is trained.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from jaxtyping import Float
from pydantic import BaseModel, ConfigDict, Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.seeds import INIT, stream

if TYPE_CHECKING:
    import torch

    from retrodict.models._population import Population

FACTORS = {"full": 0, "symmetric": 0, "factorised": 2, "tied": 1}
"""How many factors each parametrisation trains Θ through; 0 where Θ is trained itself."""

Sigma = Annotated[float, Field(ge=0, allow_inf_nan=False)]


SMALL = 2**17
"""Trained parameters of an analysed model below which one thread does the work of all learners. In
so little, two would wait for each other most of the time; on cores that others use too, almost all
of it. Like WIDE it is of the experiment alone."""


class Bilinear(BaseModel):
    """The bilinear model `xᵀ Θ y`: the logit of token y after token x, embeddings fixed.

    Token embeddings are i.i.d. N(0, I/d) [N]; Θ starts with i.i.d. N(0, σ²) entries [R]. The
    parametrisation is the "optimisation space" of the abstract [O]: Θ itself (`full`), Θ = Θᵀ
    (`symmetric`), Θ = U Vᵀ (`factorised`), or Θ = W Wᵀ (`tied`: input and output share one map).

    Parameters:
        d: dimension of the embeddings.
        sigma: standard deviation σ of Θ's entries at the start. `factorised` and `tied` need
            σ > 0, since nothing moves at zero; their factors have entries N(0, σ/√rank), which
            gives the entries of Θ (off its diagonal, if tied) that same deviation.
        parametrisation: `full`, `symmetric`, `factorised` or `tied`.
        rank: columns of the factors; null is d.

    Raises:
        pydantic.ValidationError: options that do not fit each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["bilinear"] = "bilinear"
    d: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 1000
    sigma: Sigma = 0.0
    parametrisation: Literal["full", "symmetric", "factorised", "tied"] = "full"
    rank: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None

    @property
    def factors(self) -> int:
        """How many factors Θ is trained through: 0 where it is trained itself."""
        return FACTORS[self.parametrisation]

    @model_validator(mode="after")
    def _options_fit(self) -> Bilinear:
        _require_movable(f"parametrisation {self.parametrisation}", self.factors, self)
        return self

    @property
    def summary(self) -> str:
        """The model in a few words, for captions."""
        return f"bilinear ({self.parametrisation}), d = {self.d}, σ = {self.sigma:g}"

    @property
    def columns(self) -> int:
        """Columns of the factors."""
        return self.d if self.rank is None else self.rank

    def embeddings(self, vocab_size: int, seed: int) -> Float[np.ndarray, "m d"]:
        """Draw the embeddings of the learner of this seed, in float64."""
        rng = np.random.default_rng(stream(seed, INIT))
        drawn: np.ndarray = rng.standard_normal((vocab_size, self.d)) / math.sqrt(self.d)
        return drawn

    def weights(self, seed: int) -> tuple[Float[np.ndarray, "d width"], ...]:
        """Draw the initial weights of the learner of this seed: (Θ,), (U, V) or (W,)."""
        rng = np.random.default_rng(stream(seed, INIT, 1))
        shape = (self.d, self.columns if self.factors else self.d)
        std = factor_std(self.sigma, self.columns) if self.factors else self.sigma
        return tuple(gaussian(rng, shape, std) for _ in range(max(self.factors, 1)))

    def trained_count(self, vocab_size: int) -> int:
        """Count one learner's parameters that are trained."""
        return self.d * (self.factors * self.columns if self.factors else self.d)

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters, the fixed embeddings included."""
        return vocab_size * self.d + self.trained_count(vocab_size)

    def build(
        self,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Population:
        """Initialise one learner a seed; arguments as `Transformer.build`."""
        from retrodict.models._bilinear import BilinearPopulation

        return BilinearPopulation(self, vocab_size, seeds, device, dtype)


class OneLayer(BaseModel):
    """The one-layer transformer of the analysis, in its (Y, Z) parametrisation.

    `Y = U W_V Uᵀ` and `Z = U W_Q W_Kᵀ Uᵀ/√d` (M × M each) start at zero. The last token is the
    query; it attends to the tokens before it with weights softmax(Z[query, ·]); their mixture,
    normalised to length 1, picks rows of Y, which are the logits [S: Tian et al. 2023]. A single
    token is its own context. After `x1 x2` the logits are therefore Y[x1], whatever x2 is.

    Parameters:
        value_output: Y itself (`merged`), Y = P Qᵀ (`factorised`; arXiv 2506.10887 [N]), or
            Y = (W + Wᵀ)/2 (`symmetric` [O]), which learns A after B with every B after A.
        rank: columns of P and Q; null is M.
        sigma: standard deviation at the start of Y's entries, or of W's; zero in the paper.
            `factorised` needs σ > 0, as in `Bilinear`.

    Raises:
        pydantic.ValidationError: options that do not fit each other.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["one_layer"] = "one_layer"
    value_output: Literal["merged", "factorised", "symmetric"] = "merged"
    rank: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    sigma: Sigma = 0.0

    @property
    def factors(self) -> int:
        """How many factors Y is trained through: 0 where it is trained itself."""
        return 2 if self.value_output == "factorised" else 0

    @model_validator(mode="after")
    def _options_fit(self) -> OneLayer:
        _require_movable(f"value_output {self.value_output}", self.factors, self)
        return self

    @property
    def summary(self) -> str:
        """The model in a few words, for captions."""
        return f"one layer (Y, Z), {self.value_output} value-output"

    def columns(self, vocab_size: int) -> int:
        """Columns of the factors."""
        return vocab_size if self.rank is None else self.rank

    def weights(self, vocab_size: int, seed: int) -> tuple[Float[np.ndarray, "m width"], ...]:
        """Draw the initial weights of the learner of this seed: (Y,), (P, Q) or (W,)."""
        rng = np.random.default_rng(stream(seed, INIT, 1))
        width = self.columns(vocab_size) if self.factors else vocab_size
        std = factor_std(self.sigma, width) if self.factors else self.sigma
        shape = (vocab_size, width)
        return tuple(gaussian(rng, shape, std) for _ in range(max(self.factors, 1)))

    def trained_count(self, vocab_size: int) -> int:
        """Count one learner's parameters that are trained."""
        value = self.factors * self.columns(vocab_size) if self.factors else vocab_size
        return vocab_size * (value + vocab_size)

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters."""
        return self.trained_count(vocab_size)

    def build(
        self,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Population:
        """Initialise one learner a seed; arguments as `Transformer.build`."""
        from retrodict.models._one_layer import OneLayerPopulation

        return OneLayerPopulation(self, vocab_size, seeds, device, dtype)


def factor_std(sigma: float, rank: int) -> float:
    """Deviation of the entries of two factors whose product's entries have deviation sigma."""
    return math.sqrt(sigma / math.sqrt(rank))


def gaussian(rng: np.random.Generator, shape: tuple[int, ...], std: float) -> np.ndarray:
    """Draw N(0, std²) entries; what is too large for a float is infinite, and training says so."""
    with np.errstate(over="ignore"):
        return std * rng.standard_normal(shape) if std else np.zeros(shape)


def _require_movable(option: str, factors: int, config: Bilinear | OneLayer) -> None:
    if factors and not config.sigma:
        raise ValueError(
            f"{option} needs sigma above 0, since factors that start at zero never move; "
            "e.g. sigma: 0.01"
        )
    if config.rank is not None and not factors:
        raise ValueError(f"{option} has no factors, so rank {config.rank} means nothing; leave out")

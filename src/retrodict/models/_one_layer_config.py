"""The one-layer model's settings."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.models._config import ModelConfig
from retrodict.models._initial import Sigma, factor_std, gaussian, require_movable
from retrodict.seeds import INIT, stream


class OneLayer(ModelConfig):
    """The one-layer transformer of the analysis, in its (Y, Z) parametrisation.

    `Y = U W_V Uᵀ` and `Z = U W_Q W_Kᵀ Uᵀ/√d` (M × M each) start at zero. The last token is the
    query. It attends to the tokens before it with weights softmax(Z[query, ·]). Their mixture is
    normalised to length 1 and multiplied by Y, which gives the logits [S: Tian et al. 2023]. A
    single token is its own context. So after `x1 x2` the logits are Y[x1] for every x2.

    Parameters:
        value_output: Y itself (`merged`), Y = P Qᵀ (`factorised`; arXiv 2506.10887 [N]), or
            Y = (W + Wᵀ)/2 (`symmetric` [O]), which learns B ← A together with A → B.
        rank: columns of P and Q; null is M.
        sigma: standard deviation at the start of Y's entries, or of W's; zero in the paper.
            `factorised` needs σ > 0, as in `Bilinear`.

    Raises:
        pydantic.ValidationError: options that do not fit each other.
    """

    population = "retrodict.models._one_layer:OneLayerPopulation"
    batch_size = 1
    optimizer = "sgd"
    has_theory = True

    kind: Literal["one_layer"] = "one_layer"
    value_output: Literal["merged", "factorised", "symmetric"] = "merged"
    rank: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    sigma: Sigma = 0.0

    @property
    def factors(self) -> int:
        """Number of factors whose product is Y; 0 if Y itself is trained."""
        return 2 if self.value_output == "factorised" else 0

    @model_validator(mode="after")
    def _options_fit(self) -> OneLayer:
        require_movable(f"value_output {self.value_output}", self.factors, self.sigma, self.rank)
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

    def trained_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters that are trained."""
        value = self.factors * self.columns(vocab_size) if self.factors else vocab_size
        return vocab_size * (value + vocab_size)

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters."""
        return self.trained_count(vocab_size, length)

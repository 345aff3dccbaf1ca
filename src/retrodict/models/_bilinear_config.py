"""The bilinear model as data, and where each learner starts. NumPy only.

Theory and training both draw a learner's embeddings and initial weights here, from the same
stream, so that a prediction is about the very learner that is trained.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.models._config import ModelConfig
from retrodict.models._initial import FACTORS, Sigma, factor_std, gaussian, require_movable
from retrodict.seeds import INIT, stream

SMALL = 2**17
"""With fewer trained parameters, one thread trains all learners of an analysed model. Two threads
would spend most of the time waiting for each other. Like WIDE, this does not depend on the machine.
"""


class Bilinear(ModelConfig):
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

    population = "retrodict.models._bilinear:BilinearPopulation"
    batch_size = "all"
    optimizer = "sgd"
    has_theory = True
    flow_seconds = 3e-5

    kind: Literal["bilinear"] = "bilinear"
    d: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 1000
    sigma: Sigma = 0.0
    parametrisation: Literal["full", "symmetric", "factorised", "tied"] = "full"
    rank: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None

    @property
    def factors(self) -> int:
        """Number of factors whose product is Θ; 0 if Θ itself is trained."""
        return FACTORS[self.parametrisation]

    @model_validator(mode="after")
    def _options_fit(self) -> Bilinear:
        require_movable(
            f"parametrisation {self.parametrisation}", self.factors, self.sigma, self.rank
        )
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

    def refusal(self, task: Any) -> str:
        """Refuse tasks that ask with more than one token."""
        if task.kind == "pairs":
            return ""
        return (
            f"model.kind bilinear reads a single token, and task.kind {task.kind} asks with more; "
            "choose task.kind pairs, or model.kind one_layer or transformer"
        )

    def trained_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters that are trained."""
        return self.d * (self.factors * self.columns if self.factors else self.d)

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters, the fixed embeddings included."""
        return vocab_size * self.d + self.trained_count(vocab_size, length)

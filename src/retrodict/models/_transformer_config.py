"""The transformer's settings. Only `build` loads torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.models._config import ModelConfig

_FLOATS_A_ROW = 40
"""Activations, their gradients and dropout masks, in units of d_model a layer and token."""

WIDE = 512
"""From this d_model on, all threads work on one learner at a time; below it, each on its own. The
limit does not depend on the machine, since the number of threads may alter a product's last bits.
"""


class Transformer(ModelConfig):
    """The GPT-2 architecture, for a population of learners.

    Pre-LN blocks, GELU (tanh), initialisation N(0, 0.02²) with the residual projections scaled by
    1/√(2 n_layer) [S]. Defaults are the paper's.

    Parameters:
        n_layer, n_head, d_model: depth, heads, width; n_head divides d_model.
        position: `absolute` (learned, GPT-2's), `sinusoidal` (fixed, scaled to the size of the
            token embeddings at initialisation) [O], `rotary` (the first half of each head's
            dimensions is rotated [S]) or `none`.
        tied_head: whether the output head is the token embedding. GPT-2 ties it; the authors'
            code, as it runs, does not [S].
        dropout: probability of dropping an activation, after embeddings, attention
            probabilities and both residual branches.
        freeze_embeddings: keep token and position embeddings as initialised.
        attention: `causal`, or `bidirectional`: an encoder, for objectives that hide tokens.

    Raises:
        pydantic.ValidationError: sizes that do not fit each other.
    """

    population = "retrodict.models._transformer:TransformerPopulation"
    explicit = "retrodict.models.explicit:ExplicitTransformer"
    reads_sequences = True
    compiles = True

    kind: Literal["transformer"] = "transformer"
    n_layer: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 24
    n_head: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 12
    d_model: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 768
    position: Literal["none", "absolute", "sinusoidal", "rotary"] = "absolute"
    tied_head: bool = False
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.1
    freeze_embeddings: bool = False
    attention: Literal["causal", "bidirectional"] = "causal"

    @model_validator(mode="after")
    def _sizes_fit(self) -> Transformer:
        if self.d_model % self.n_head:
            small = [h for h in range(1, math.isqrt(self.d_model) + 1) if self.d_model % h == 0]
            divisors = sorted({*small, *(self.d_model // h for h in small)})
            closest = min(divisors, key=lambda h: abs(h - self.n_head))
            raise ValueError(
                f"n_head {self.n_head} does not divide d_model {self.d_model}; "
                f"the nearest n_head that does is {closest}"
            )
        if self.position == "rotary" and self.d_model // self.n_head < 4:
            raise ValueError(
                f"position rotary needs at least 4 dimensions a head (it rotates half of them in "
                f"pairs); d_model {self.d_model} over n_head {self.n_head} gives "
                f"{self.d_model // self.n_head}"
            )
        return self

    @property
    def summary(self) -> str:
        """The model in a few words, for captions."""
        kind = ["attention to both sides"] if self.reads_both_sides else []
        return ", ".join([*self.sizes.values(), *kind])

    @property
    def sizes(self) -> Mapping[str, str]:
        """Depth, heads and width."""
        return {
            "depths": "1 layer" if self.n_layer == 1 else f"{self.n_layer} layers",
            "heads": "1 head" if self.n_head == 1 else f"{self.n_head} heads",
            "widths": f"width {self.d_model}",
        }

    @property
    def is_wide(self) -> bool:
        """Whether the width is at least WIDE."""
        return self.d_model >= WIDE

    @property
    def reads_both_sides(self) -> bool:
        """Whether attention is bidirectional."""
        return self.attention == "bidirectional"

    @property
    def blocks(self) -> int:
        """The number of layers."""
        return self.n_layer

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters, frozen ones included.

        >>> Transformer().parameter_count(802, 2)
        171343872
        """
        d = self.d_model
        positions = length * d if self.position in ("absolute", "sinusoidal") else 0
        block = 12 * d * d + 13 * d  # four d×d and two d×4d maps with biases, two layer norms
        heads = 1 if self.tied_head else 2
        return heads * vocab_size * d + positions + self.n_layer * block + 2 * d

    def trained_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters that are trained."""
        learned, frozen = self.position == "absolute", self.freeze_embeddings
        fixed = vocab_size * frozen + length * (
            self.position == "sinusoidal" or (learned and frozen)
        )
        return self.parameter_count(vocab_size, length) - fixed * self.d_model

    def activation_count(self, tokens: int, vocab_size: int) -> int:
        """Count those of all layers, and the logits."""
        return tokens * (_FLOATS_A_ROW * self.d_model * self.n_layer + 3 * vocab_size)

    def step_operations(self, vocab_size: int, length: int, first: int) -> int:
        """Count the necessary operations of matrix products, as if attention were causal.

        Derived in the head of `retrodict.bench._floor`.

        >>> Transformer(n_layer=1, n_head=1, d_model=4, dropout=0.0).step_operations(10, 2, 1)
        1632
        """
        body, head = self.forward_operations(vocab_size, length, first)
        return 3 * body + (2 if self.tied_head and self.freeze_embeddings else 3) * head

    def forward_operations(self, vocab_size: int, length: int, first: int) -> tuple[int, int]:
        """Count the operations of one sentence forward: (all layers, head)."""
        middle = (self.n_layer - 1) * _layer_operations(self.d_model, length, 0)
        last = _layer_operations(self.d_model, length, first)
        return middle + last, 2 * self.d_model * vocab_size * (length - first)


def _layer_operations(d: int, length: int, first: int) -> int:
    """Count one layer's operations forward, if positions `first` and later leave it."""
    attending = range(max(first, 1), length)
    values, queries = length, len(attending)
    keys = length if queries else 0
    leaving = length - first
    rows_of_d_by_d = keys + values + queries + leaving + 8 * leaving  # … + out + MLP
    return 2 * d * d * rows_of_d_by_d + 4 * d * sum(attending)

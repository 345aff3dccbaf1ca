"""The one-layer transformer in its (Y, Z) parametrisation, for a population.

attention = softmax(Z[query, context])     over the tokens before the query
logits    = Yᵀ c / ‖c‖                     c = Σ attention · onehot(context)
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from retrodict.models._bilinear import stacked
from retrodict.models._dropout import Masks
from retrodict.models._layers import embedding, linear
from retrodict.models._one_layer_config import OneLayer
from retrodict.models._population import Population


class OneLayerPopulation(Population):
    """S one-layer transformers. `value_output` is Y, P or W; `value_output_right` is Q or None."""

    def __init__(
        self,
        config: OneLayer,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(seeds)
        self.vocab_size = vocab_size
        self.symmetric = config.value_output == "symmetric"
        first, *second = zip(*(config.weights(vocab_size, seed) for seed in seeds), strict=True)
        self.value_output = stacked(first, dtype)
        self.value_output_right = stacked(second[0], dtype) if second else None
        square = (len(seeds), vocab_size, vocab_size)
        self.attention = nn.Parameter(self.value_output.new_zeros(square))
        self.flatten_parameters(device)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Masks | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits at positions `first` and later; see `Population.forward`."""
        positions = range(first, tokens.shape[2])
        logits = [
            self._after(tokens[:, :, at], tokens[:, :, : max(at, 1)].contiguous())
            for at in positions
        ]
        return torch.stack(logits, dim=2)

    def _after(
        self, query: Int[Tensor, "learner batch"], context: Int[Tensor, "learner batch context"]
    ) -> Float[Tensor, "learner batch vocab"]:
        scores = embedding(self.attention, query.contiguous()).gather(-1, context)
        weights = scores.softmax(-1)
        same = (context.unsqueeze(-1) == context.unsqueeze(-2)).to(weights.dtype)
        squared_length = (weights.unsqueeze(-1) * weights.unsqueeze(-2) * same).sum((-2, -1))
        normal = weights / squared_length.sqrt().unsqueeze(-1)
        y: Tensor = self.value_output
        if self.symmetric:
            y = (y + y.mT) / 2
        rows = embedding(y, context)
        mixed: Tensor = (normal.unsqueeze(-1) * rows).sum(-2)
        if self.value_output_right is None:
            return mixed
        return linear(mixed, self.value_output_right.mT)

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Return one-hot vectors: in this parametrisation tokens are orthonormal."""
        return F.one_hot(tokens, self.vocab_size).to(self.value_output.dtype)

"""The bilinear model for a population: `E[x] Θ Eᵀ` are the logits after token x."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from retrodict.models._bilinear_config import Bilinear
from retrodict.models._dropout import Masks
from retrodict.models._layers import embedding, linear
from retrodict.models._population import Population


class BilinearPopulation(Population):
    """S bilinear models; each learner has its own fixed embeddings."""

    def __init__(
        self,
        config: Bilinear,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(seeds)
        self.config = config
        drawn = [config.embeddings(vocab_size, seed) for seed in seeds]
        self.token_embedding = stacked(drawn, dtype).requires_grad_(False)
        first, *second = zip(*(config.weights(seed) for seed in seeds), strict=True)
        self.theta = stacked(first, dtype)
        self.theta_right = stacked(second[0], dtype) if second else None
        self.flatten_parameters(device)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Masks | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits after each token from `first` on; earlier tokens have no effect."""
        x = self.embed(tokens[:, :, first:])
        match self.config.parametrisation:
            case "full":
                y = linear(x, self.theta)
            case "symmetric":
                y = linear(x, (self.theta + self.theta.mT) / 2)
            case _:
                right = self.theta if self.theta_right is None else self.theta_right
                y = linear(linear(x, self.theta), right.mT)
        return linear(y, self.token_embedding.mT)

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Look up the fixed embeddings."""
        return embedding(self.token_embedding, tokens)


def stacked(parts: Sequence[np.ndarray], dtype: torch.dtype | None) -> nn.Parameter:
    """Stack one float64 array per learner into a parameter; None is torch's default precision."""
    return nn.Parameter(torch.from_numpy(np.stack(parts)).to(dtype or torch.get_default_dtype()))

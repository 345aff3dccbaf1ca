"""GPT-2 for a population: attention, MLP, block, model.

S learners run at once: tokens are (learner, batch, length), activations
(learner, batch, length, d_model).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from retrodict.models._dropout import Masks
from retrodict.models._layers import LayerNorm, Linear, dropout, embedding, linear, normal
from retrodict.models._population import Population
from retrodict.models._transformer_config import Transformer
from retrodict.seeds import INIT, torch_generator

INIT_STD = 0.02

Hidden = Float[Tensor, "learner batch length d_model"]
Bidirectional = Bool[Tensor, "learner batch"]
Generators = Sequence[torch.Generator]


class Attention(nn.Module):
    """Multi-head self-attention, causal or bidirectional."""

    def __init__(
        self, config: Transformer, generators: Generators, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        d = config.d_model
        self.n_head, self.rate = config.n_head, config.dropout
        self.rotary = config.position == "rotary"
        self.causal = config.attention == "causal"
        self.qkv = Linear(normal((d, 3 * d), INIT_STD, generators, dtype))
        self.out = Linear(normal((d, d), residual_std(config), generators, dtype))

    def forward(
        self, x: Hidden, drop: Masks | None, bidirectional: Bidirectional | None = None
    ) -> Hidden:
        """Mix each position with those before it; in bidirectional sentences with all."""
        length, d_head = x.shape[2], x.shape[3] // self.n_head
        heads = self.qkv(x).unflatten(-1, (3, self.n_head, d_head))
        q, k, v = heads.permute(3, 0, 1, 4, 2, 5)  # each (learner, batch, head, length, d_head)
        if self.rotary:
            q, k = rotate(q), rotate(k)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d_head)
        if self.causal:
            future = torch.ones(length, length, dtype=torch.bool, device=x.device).triu(1)
            if bidirectional is not None:
                future = future & ~bidirectional[:, :, None, None, None]
            scores = scores.masked_fill(future, -math.inf)
        weights = scores.softmax(-1)
        weights = dropout(weights, self.rate, drop, order=(0, 3, 4, 1, 2))
        mixed = weights @ v
        joined: Hidden = self.out(mixed.transpose(2, 3).flatten(-2))
        return dropout(joined, self.rate, drop)


class Mlp(nn.Module):
    """The position-wise network, with a hidden layer of width 4 d_model."""

    def __init__(
        self, config: Transformer, generators: Generators, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        d = config.d_model
        self.rate = config.dropout
        self.up = Linear(normal((d, 4 * d), INIT_STD, generators, dtype))
        self.down = Linear(normal((4 * d, d), residual_std(config), generators, dtype))

    def forward(self, x: Hidden, drop: Masks | None) -> Hidden:
        """Transform each position by itself."""
        out: Hidden = self.down(F.gelu(self.up(x), approximate="tanh"))
        return dropout(out, self.rate, drop)


class Block(nn.Module):
    """Attention, then MLP; each reads the normalised residual stream and is added to it."""

    def __init__(
        self, config: Transformer, generators: Generators, dtype: torch.dtype | None
    ) -> None:
        super().__init__()
        self.norm_1 = LayerNorm(len(generators), config.d_model, dtype)
        self.attention = Attention(config, generators, dtype)
        self.norm_2 = LayerNorm(len(generators), config.d_model, dtype)
        self.mlp = Mlp(config, generators, dtype)

    def forward(
        self, x: Hidden, drop: Masks | None, bidirectional: Bidirectional | None = None
    ) -> Hidden:
        """Add the outputs of attention and MLP to the residual stream."""
        x = x + self.attention(self.norm_1(x), drop, bidirectional)
        out: Hidden = x + self.mlp(self.norm_2(x), drop)
        return out


class TransformerPopulation(Population):
    """GPT-2 with a leading learner axis; see `Transformer` for the options."""

    def __init__(
        self,
        config: Transformer,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(seeds)
        self.config, self.vocab_size, self.dropout = config, vocab_size, config.dropout
        generators = [torch_generator(seed, INIT) for seed in seeds]
        d = config.d_model
        self.token_embedding = normal((vocab_size, d), INIT_STD, generators, dtype)
        if config.position == "absolute":
            self.position_embedding = normal((length, d), INIT_STD, generators, dtype)
        elif config.position == "sinusoidal":
            table = sinusoids(length, d).to(dtype or torch.get_default_dtype())
            self.position_embedding = nn.Parameter(table.repeat(len(seeds), 1, 1), False)
        self.blocks = nn.ModuleList(Block(config, generators, dtype) for _ in range(config.n_layer))
        self.norm = LayerNorm(len(seeds), d, dtype)
        if not config.tied_head:
            self.head = Linear(normal((d, vocab_size), INIT_STD, generators, dtype), bias=False)
        if config.freeze_embeddings:
            self.token_embedding.requires_grad_(False)
            if config.position == "absolute":
                self.position_embedding.requires_grad_(False)
        self.flatten_parameters(device)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Masks | None = None,
        bidirectional: Bidirectional | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits at positions `first` and later; see `Population.forward`."""
        x = self.embed(tokens)
        if self.config.position in ("absolute", "sinusoidal"):
            x = x + self.position_embedding[:, None, : tokens.shape[2]]
        x = dropout(x, self.config.dropout, drop)
        for block in self.blocks:
            x = block(x, drop, bidirectional)
        x = self.norm(x[:, :, first:])
        if self.config.tied_head:
            return linear(x, self.token_embedding.transpose(1, 2))
        logits: Tensor = self.head(x)
        return logits

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Look up the token embeddings."""
        return embedding(self.token_embedding, tokens)


def residual_std(config: Transformer) -> float:
    """Return the initial deviation of projections that write to the residual stream [S]."""
    return INIT_STD / math.sqrt(2 * config.n_layer)


def sinusoids(length: int, d_model: int) -> Float[Tensor, "length d_model"]:
    """Return sines and cosines of geometrically spaced wavelengths, with root mean square INIT_STD.

    The usual table has entries of size one, fifty times the token embeddings at initialisation, so
    that the first layer norm would hardly see the tokens.
    """
    half = -(-d_model // 2)
    rates = 10000.0 ** (-torch.arange(half, dtype=torch.float64) / half)
    angles = torch.arange(length, dtype=torch.float64)[:, None] * rates
    table = torch.stack([angles.sin(), angles.cos()], dim=-1).flatten(1)[:, :d_model]
    return table * INIT_STD * math.sqrt(2)


def rotate(
    x: Float[Tensor, "learner batch head length d_head"],
) -> Float[Tensor, "learner batch head length d_head"]:
    """Rotate the first half of each head's dimensions, in pairs, by angles ∝ position."""
    pairs = x.shape[-1] // 4
    cos, sin = rotation(x.shape[-2], x.shape[-1], x.dtype, x.device)
    a, b, rest = x[..., :pairs], x[..., pairs : 2 * pairs], x[..., 2 * pairs :]
    return torch.cat([a * cos - b * sin, a * sin + b * cos, rest], dim=-1)


def rotation(
    length: int, d_head: int, dtype: torch.dtype, device: torch.device | str = "cpu"
) -> tuple[Float[Tensor, "length pair"], Float[Tensor, "length pair"]]:
    """Return cosines and sines of the angles by which `rotate` rotates each pair."""
    pairs = d_head // 4
    rates = 10000.0 ** (-torch.arange(pairs, dtype=torch.float64, device=device) / pairs)
    angles = torch.arange(length, dtype=torch.float64, device=device)[:, None] * rates
    return angles.cos().to(dtype), angles.sin().to(dtype)

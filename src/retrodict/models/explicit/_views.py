"""One learner's weights and gradients, as views into what all learners' lie in."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

from retrodict.models._transformer import TransformerPopulation
from retrodict.models.explicit._block import BlockViews

Get = Callable[[str], Tensor | None]
"""Views a parameter of that name, or its gradient; None: it is frozen or not there."""


class Views(NamedTuple):
    """One learner's weights, or their gradients, as views; None is frozen or not there."""

    tokens: Tensor | None
    positions: Tensor | None
    blocks: list[BlockViews]
    scale: Tensor
    shift: Tensor
    head: Tensor | None

    @classmethod
    def weights(cls, population: TransformerPopulation, s: int) -> Views:
        named = dict(population.named_parameters())

        def get(name: str) -> Tensor | None:
            return named[name][s].detach() if name in named else None

        blocks = [_block(get, i) for i in range(population.config.n_layer)]
        return cls._of(get, blocks)

    @classmethod
    def _of(cls, get: Get, blocks: list[BlockViews]) -> Views:
        scale, shift = _there(get, "norm.weight"), _there(get, "norm.bias")
        ends = get("token_embedding"), get("position_embedding")
        return cls(*ends, blocks, scale, shift, get("head.weight"))


class Gradient:
    """A learner's gradient: its parts in the row of `flat`, and a buffer for each.

    Blocks are alike and take turns, so one buffer serves them all, and stays in the cache.

    Attributes:
        blocks: the span of each block.
        block: the buffer that they share.
        rest: (span, buffer) of what comes before the blocks and after them.
        views: of the buffers, parameter by parameter.
    """

    def __init__(self, population: TransformerPopulation) -> None:
        self.population, spans = population, population.spans
        n_layer = population.config.n_layer
        starts = [spans[f"blocks.{i}.norm_1.weight"].start for i in range(n_layer)]
        ends = [*starts[1:], spans["norm.weight"].start]
        self.blocks = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
        row = population.flat[0]
        self.block = torch.zeros_like(row[self.blocks[0]])
        outside = [slice(0, starts[0]), slice(ends[-1], len(row))]
        self.rest = [(s, torch.zeros_like(row[s])) for s in outside if s.stop > s.start]
        shared = _block(self._view, 0, biases_as_rows=True)
        self.views = Views._of(self._view, [shared] * n_layer)

    def _view(self, name: str) -> Tensor | None:
        span = self.population.spans.get(name)
        if span is None:
            return None
        parts = [(self.blocks[0], self.block), *self.rest]
        home, buffer = next((s, b) for s, b in parts if s.start <= span.start < s.stop)
        part = buffer[span.start - home.start : span.stop - home.start]
        return part.view(self.population.get_parameter(name).shape[1:])


def _there(get: Get, name: str) -> Tensor:
    found = get(name)
    assert found is not None
    return found


def _block(get: Get, index: int, biases_as_rows: bool = False) -> BlockViews:
    def needed(name: str) -> Tensor:
        is_bias = name.endswith("bias") and not name.startswith("norm")
        found = _there(get, f"blocks.{index}.{name}")
        return found.unsqueeze(0) if biases_as_rows and is_bias else found

    qkv, qkv_bias = needed("attention.qkv.weight"), needed("attention.qkv.bias")
    d = qkv.shape[0]
    return BlockViews(
        scale_1=needed("norm_1.weight"),
        shift_1=needed("norm_1.bias"),
        query=qkv[:, :d],
        query_bias=qkv_bias[..., :d],
        key_value=qkv[:, d:],
        key_value_bias=qkv_bias[..., d:],
        out=needed("attention.out.weight"),
        out_bias=needed("attention.out.bias"),
        scale_2=needed("norm_2.weight"),
        shift_2=needed("norm_2.bias"),
        up=needed("mlp.up.weight"),
        up_bias=needed("mlp.up.bias"),
        down=needed("mlp.down.weight"),
        down_bias=needed("mlp.down.bias"),
    )

"""Sizes shared by all parts of an explicit step, and dropout as one fused pass."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor


@dataclass(frozen=True)
class Shape:
    """The sizes of a step.

    Activations are (length · batch, …), ordered by position. So the rows from a position on are one
    contiguous block, which a matrix product takes without a copy.

    Attributes:
        batch, length: sentences, and tokens in each.
        first: the first position whose logits are needed.
        d_model, n_head: sizes of the model.
        dtype: dtype of its parameters.
        kept: probability that dropout keeps an entry.
        causal: whether attention is causal in every sentence.
    """

    batch: int
    length: int
    first: int
    d_model: int
    n_head: int
    dtype: torch.dtype
    kept: float
    causal: bool = True

    def rows(self, start: int = 0) -> int:
        """Return the number of rows of the positions from `start` on."""
        return (self.length - start) * self.batch

    def buffer(self, *shape: int) -> Tensor:
        """Allocate a buffer, which every step overwrites."""
        return torch.empty(shape, dtype=self.dtype)

    def heads(self, rows: Tensor) -> Tensor:
        """View rows (position · batch, d_model) as (position, batch, head, d_head)."""
        split: Tensor = rows.unflatten(0, (-1, self.batch)).unflatten(-1, (self.n_head, -1))
        return split


_ZERO = {dtype: torch.zeros((), dtype=dtype) for dtype in (torch.float32, torch.float64)}


def add_dropped(
    x: Float[Tensor, "*shape"],
    branch: Float[Tensor, "*shape"],
    mask: Float[Tensor, "*shape"] | None,
    kept: float,
    out: Float[Tensor, "*shape"],
) -> Tensor:
    """Write x + dropout(branch) into `out`; `mask` is 0 where an entry is dropped, else 1."""
    if mask is None:
        return torch.add(x, branch, out=out)
    return torch.addcmul(x, branch, mask, value=1 / kept, out=out)


def dropped(
    x: Float[Tensor, "*shape"],
    mask: Float[Tensor, "*shape"] | None,
    kept: float,
    out: Float[Tensor, "*shape"],
) -> Tensor:
    """Return dropout(x), written into `out`, or x itself if nothing is dropped."""
    if mask is None:
        return x
    return torch.addcmul(_ZERO[x.dtype], x, mask, value=1 / kept, out=out)

"""Attention with its gradient, one query position at a time.

Sentences are a few tokens long, so scores, weights and mixtures are sums over few positions. Plain
passes over (position, batch, head, d_head) are then faster than batched products of tiny matrices.
In causal attention, position 0 attends only to itself and needs no query. If only some sentences
are causal, all positions are scored, and in causal sentences later ones get weight 0.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from retrodict.models.explicit._shape import Shape

_softmax_backward = torch.ops.aten._softmax_backward_data.default


class Attention:
    """Attention of the positions from `low` on, for steps of one shape.

    Attributes:
        ask: the first position that needs a query.
        q: queries, (rows from `ask`, d_model); written by the caller.
        kv: keys and values of all positions, (rows, 2 d_model); written by the caller.
        mixed: the result, (rows from `low`, d_model).
        grad: the result's gradient; written by the caller.
        grad_q, grad_kv: gradients of q and kv; `grad_q` is undefined if there is no query.
    """

    def __init__(self, shape: Shape, low: int, rotary: Rotary | None) -> None:
        self.shape, self.low, self.rotary = shape, low, rotary
        self.ask = max(low, 1) if shape.causal else low
        d = shape.d_model
        self.scale = 1 / math.sqrt(d // shape.n_head)
        self.q, self.grad_q = (shape.buffer(shape.rows(self.ask), d) for _ in range(2))
        self.kv, self.grad_kv = (shape.buffer(shape.rows(), 2 * d) for _ in range(2))
        self.mixed, self.grad = (shape.buffer(shape.rows(low), d) for _ in range(2))
        self.q_heads, self.grad_q_heads = shape.heads(self.q), shape.heads(self.grad_q)
        self.keys, self.values = (shape.heads(part) for part in self.kv.chunk(2, 1))
        self.grad_keys, self.grad_values = (shape.heads(part) for part in self.grad_kv.chunk(2, 1))
        self.mixed_t = self.mixed.t()
        self.mixed_heads, self.grad_heads = shape.heads(self.mixed), shape.heads(self.grad)
        spare = shape.buffer(*self.keys.shape)
        self.queries = [_Query(self, spare, at) for at in reversed(range(self.ask, shape.length))]

    def forward(self, mask: Tensor | None, barred: Tensor | None = None) -> Tensor:
        """Return the values mixed by attention.

        Args:
            mask: (query, key, batch, head), 0 where a weight is dropped.
            barred: (query, key, batch, 1, 1), added to the scores: −∞ where attention is barred.
        """
        if self.rotary is not None:
            self.rotary.turn(self.q_heads, self.ask)
            self.rotary.turn(self.keys, 0)
        self.mask = None if mask is None else mask.unsqueeze(-1) / self.shape.kept
        for query in self.queries:
            query.forward(self.mask, barred)
        if self.ask > self.low:  # position 0 attends only to itself, with weight 1
            own = self.values[0] if self.mask is None else self.values[0] * self.mask[0, 0]
            self.mixed_heads[0].copy_(own)
        return self.mixed

    def backward(self) -> None:
        """Compute `grad_q` and `grad_kv` from `grad`."""
        if not self.queries:
            self.grad_kv.zero_()
        for query in self.queries:
            query.backward(self.mask)
        if self.ask > self.low:
            own = self.grad_heads[0] if self.mask is None else self.grad_heads[0] * self.mask[0, 0]
            self.grad_values[0].add_(own)
        if self.rotary is not None:
            self.rotary.turn(self.grad_q_heads, self.ask, back=True)
            self.rotary.turn(self.grad_keys, 0, back=True)


class _Query:
    """One query position, with views of its attention's buffers."""

    def __init__(self, of: Attention, spare: Tensor, at: int) -> None:
        self.at, self.scale = at, of.scale
        self.is_last = at == of.shape.length - 1  # comes first, so its gradients overwrite
        self.q, self.grad_q = of.q_heads[at - of.ask], of.grad_q_heads[at - of.ask]
        self.seen = at + 1 if of.shape.causal else of.shape.length
        self.keys, self.values = of.keys[: self.seen], of.values[: self.seen]
        self.grad_keys, self.grad_values = of.grad_keys[: self.seen], of.grad_values[: self.seen]
        self.mixed, self.grad = of.mixed_heads[at - of.low], of.grad_heads[at - of.low]
        self.spare = spare[: self.seen]

    def forward(self, mask: Tensor | None, barred: Tensor | None) -> None:
        scores = torch.mul(self.keys, self.q, out=self.spare).sum(-1, keepdim=True)
        scores.mul_(self.scale)
        if barred is not None:
            scores.add_(barred[self.at])
        self.weights = scores.softmax(0)
        self.used = self.weights if mask is None else self.weights * mask[self.at, : self.seen]
        torch.mul(self.values, self.used, out=self.spare)
        torch.sum(self.spare, 0, out=self.mixed)

    def backward(self, mask: Tensor | None) -> None:
        grad_weights = torch.mul(self.values, self.grad, out=self.spare).sum(-1, keepdim=True)
        if mask is not None:
            grad_weights.mul_(mask[self.at, : self.seen])
        grad_scores = _softmax_backward(grad_weights, self.weights, 0, self.weights.dtype)
        grad_scores.mul_(self.scale)
        torch.mul(self.keys, grad_scores, out=self.spare)
        torch.sum(self.spare, 0, out=self.grad_q)
        if self.is_last:
            torch.mul(self.q, grad_scores, out=self.grad_keys)
            torch.mul(self.grad, self.used, out=self.grad_values)
        else:
            self.grad_keys.addcmul_(self.q, grad_scores)
            self.grad_values.addcmul_(self.grad, self.used)


class Rotary:
    """Rotates the first half of each head's dimensions, in pairs, by angles ∝ position.

    Parameters:
        cos, sin: of the angles, each (length, pairs).
    """

    def __init__(self, cos: Tensor, sin: Tensor) -> None:
        self.cos, self.sin = (part[:, None, None] for part in (cos, sin))
        self.pairs = cos.shape[-1]

    def turn(self, x: Tensor, start: int, back: bool = False) -> None:
        """Rotate x (position, batch, head, d_head) in place; its first position is `start`."""
        a, b = x[..., : self.pairs], x[..., self.pairs : 2 * self.pairs]
        stop = start + x.shape[0]
        cos, sin = self.cos[start:stop], self.sin[start:stop]
        if back:
            sin = -sin
        turned = a * cos - b * sin
        b.mul_(cos).addcmul_(a, sin)
        a.copy_(turned)

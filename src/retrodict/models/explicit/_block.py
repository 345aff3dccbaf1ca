"""A block with its gradient: attention and MLP, each after a layer norm, added to the stream.

    gelu(u) = u σ(z),   z = 2√(2/π) (u + 0.044715 u³)
    gelu′(u) = σ + u σ (1 − σ) z′

This is GPT-2's tanh approximation, since ½ (1 + tanh(z/2)) = σ(z). A sigmoid costs a quarter of a
tanh.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from retrodict.models._layers import LAYER_NORM_EPS
from retrodict.models.explicit._attention import Attention, Rotary
from retrodict.models.explicit._products import Products
from retrodict.models.explicit._shape import Shape, add_dropped, dropped

_LINEAR = 2 * math.sqrt(2 / math.pi)
_CUBIC = _LINEAR * 0.044715


class BlockViews(NamedTuple):
    """Views of one learner's weights in a block, or of their gradients."""

    scale_1: Tensor
    shift_1: Tensor
    query: Tensor
    query_bias: Tensor
    key_value: Tensor
    key_value_bias: Tensor
    out: Tensor
    out_bias: Tensor
    scale_2: Tensor
    shift_2: Tensor
    up: Tensor
    up_bias: Tensor
    down: Tensor
    down_bias: Tensor


class Transposed(NamedTuple):
    """Transposed views of the weights that the backward pass multiplies by."""

    query: Tensor
    key_value: Tensor
    out: Tensor
    up: Tensor
    down: Tensor

    @classmethod
    def of(cls, w: BlockViews) -> Transposed:
        return cls(w.query.t(), w.key_value.t(), w.out.t(), w.up.t(), w.down.t())


class BlockMasks(NamedTuple):
    """Dropout masks of a block: on attention weights and on both residual branches."""

    attention: Tensor
    joined: Tensor
    mlp: Tensor


class Block:
    """A block's buffers for steps of one shape.

    Parameters:
        shape: the shape.
        low: the first position whose output is needed; above 0 only in the last block.
        rotary: rotates queries and keys; None if the model does not.
        products: computes matrix products.
    """

    def __init__(self, shape: Shape, low: int, rotary: Rotary | None, products: Products) -> None:
        self.shape, self.width, self.products = shape, [shape.d_model], products
        self.attention = Attention(shape, low, rotary)
        self.low_row = low * shape.batch
        self.ask_row = self.attention.ask * shape.batch
        rows, d = shape.rows(low), shape.d_model
        self.joined, self.middle, self.out, self.spare = (shape.buffer(rows, d) for _ in range(4))
        self.gelu = Gelu(shape, rows, products)
        self.grad_hidden = shape.buffer(shape.rows(), d)
        self.grad_asking = self.grad_hidden[self.ask_row :]
        self.ones_all = torch.ones(1, shape.rows(), dtype=shape.dtype)
        self.ones = self.ones_all[:, self.low_row :]
        self.ones_ask = self.ones_all[:, self.ask_row :]
        self.on_joined: Tensor | None = None
        self.on_mlp: Tensor | None = None

    def forward(
        self, x: Tensor, w: BlockViews, masks: BlockMasks | None, barred: Tensor | None = None
    ) -> Tensor:
        """Return the stream x (rows, d_model) plus this block's output, from position `low` on."""
        a, low, kept = self.attention, self.low_row, self.shape.kept
        attention, self.on_joined, self.on_mlp = masks or (None, None, None)
        if low and masks:
            self.on_joined, self.on_mlp = masks.joined[low:], masks.mlp[low:]
        self.x = x
        self.hidden_1, *self.moments_1 = torch.native_layer_norm(
            x, self.width, w.scale_1, w.shift_1, LAYER_NORM_EPS
        )
        self.asking = self.hidden_1[self.ask_row :]
        self.products.addmm(w.query_bias, self.asking, w.query, a.q)
        self.products.addmm(w.key_value_bias, self.hidden_1, w.key_value, out=a.kv)
        mixed = a.forward(attention, barred)
        self.products.addmm(w.out_bias, mixed, w.out, out=self.joined)
        add_dropped(x[low:] if low else x, self.joined, self.on_joined, kept, self.middle)

        self.hidden_2, *self.moments_2 = torch.native_layer_norm(
            self.middle, self.width, w.scale_2, w.shift_2, LAYER_NORM_EPS
        )
        self.products.addmm(w.up_bias, self.hidden_2, w.up, out=self.gelu.x)
        self.products.addmm(w.down_bias, self.gelu.forward(), w.down, out=self.joined)
        return add_dropped(self.middle, self.joined, self.on_mlp, kept, self.out)

    def backward(self, grad: Tensor, w: BlockViews, t: Transposed, g: BlockViews) -> Tensor:
        """Write the gradients of the block's weights into `g`; return the gradient of its input.

        Args:
            grad: gradient of the block's output, (rows from `low`, d_model).
            w, t: the weights, and transposed.
            g: where their gradients go; a bias's is a row (1, n).
        """
        kept, low, a = self.shape.kept, self.low_row, self.attention
        grad_out = dropped(grad, self.on_mlp, kept, self.spare)
        self.products.mm(self.gelu.out_t, grad_out, out=g.down)
        torch.mm(self.ones, grad_out, out=g.down_bias)
        self.products.mm(grad_out, t.down, out=self.gelu.grad)
        grad_up = self.gelu.backward()
        self.products.mm(self.hidden_2.t(), grad_up, out=g.up)
        torch.mm(self.ones, grad_up, out=g.up_bias)
        self.products.mm(grad_up, t.up, out=self.joined)
        grad_middle, *norm_2 = norm_backward(
            self.joined, self.middle, self.moments_2, w.scale_2, w.shift_2
        )
        grad_middle.add_(grad)

        grad_out = dropped(grad_middle, self.on_joined, kept, self.spare)
        self.products.mm(a.mixed_t, grad_out, out=g.out)
        torch.mm(self.ones, grad_out, out=g.out_bias)
        self.products.mm(grad_out, t.out, out=a.grad)
        a.backward()
        self.products.mm(self.asking.t(), a.grad_q, out=g.query)
        torch.mm(self.ones_ask, a.grad_q, out=g.query_bias)
        self.products.mm(self.hidden_1.t(), a.grad_kv, out=g.key_value)
        torch.mm(self.ones_all, a.grad_kv, out=g.key_value_bias)
        self.products.mm(a.grad_kv, t.key_value, out=self.grad_hidden)
        self.products.addmm(self.grad_asking, a.grad_q, t.query, self.grad_asking)
        grad_x, *norm_1 = norm_backward(
            self.grad_hidden, self.x, self.moments_1, w.scale_1, w.shift_1
        )
        torch._foreach_copy_([g.scale_1, g.shift_1, g.scale_2, g.shift_2], [*norm_1, *norm_2])
        (grad_x[low:] if low else grad_x).add_(grad_middle)
        return grad_x


class Gelu:
    """GELU with its buffers. Each thread works on a part of the rows.

    The caller writes `x`, and the gradient of the output into `grad`. `backward` replaces that by
    the gradient of `x`.
    """

    def __init__(self, shape: Shape, rows: int, products: Products) -> None:
        buffers = [shape.buffer(rows, 4 * shape.d_model) for _ in range(5)]
        self.x, self.gate, self.out, self.slope, self.grad = buffers
        self.out_t = self.out.t()
        self.linear = torch.tensor(_LINEAR, dtype=shape.dtype)
        self.products = products
        self.parts = [tuple(b[part] for b in buffers) for part in products.parts(rows)]

    def forward(self) -> Tensor:
        """Return gelu(x)."""
        self.products.each(self._forward, self.parts)
        return self.out

    def backward(self) -> Tensor:
        """Multiply `grad` by gelu′(x)."""
        self.products.each(self._backward, self.parts)
        return self.grad

    def _forward(self, part: tuple[Tensor, ...]) -> None:
        x, gate, out, *_ = part
        torch.addcmul(self.linear, x, x, value=_CUBIC, out=gate).mul_(x).sigmoid_()
        torch.mul(x, gate, out=out)

    def _backward(self, part: tuple[Tensor, ...]) -> None:
        x, gate, out, slope, grad = part
        torch.addcmul(self.linear, x, x, value=3 * _CUBIC, out=slope)
        rest = torch.addcmul(out, out, gate, value=-1, out=x)
        grad.mul_(torch.addcmul(gate, rest, slope, out=slope))


def norm_backward(
    grad: Tensor, x: Tensor, moments: list[Tensor], scale: Tensor, shift: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the gradients of a layer norm's input, scale and shift."""
    found: tuple[Tensor, Tensor, Tensor] = _norm_backward(
        grad, x, x.shape[-1:], *moments, scale, shift, [True, True, True]
    )
    return found


_norm_backward = torch.ops.aten.native_layer_norm_backward.default

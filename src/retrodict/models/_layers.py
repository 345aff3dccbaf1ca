"""Linear map, layer norm, embedding and dropout with a learner axis.

On a CPU, linear maps and embeddings call for each learner the kernel that a single learner would
call. So a learner's arithmetic does not depend on S, bit for bit. On other devices, compiled or in
mixed precision, the same formulas run batched over the learner axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

from retrodict.models._dropout import Masks, dropped_of_65536

LAYER_NORM_EPS = 1e-5  # GPT-2's
ALIGN = 16  # elements: at least a 64-byte cache line in every precision


def on_cpu(tensor: Tensor) -> bool:
    """Whether operations on this tensor loop over learners."""
    if tensor.device.type != "cpu":
        return False
    return not (torch.compiler.is_compiling() or torch.is_autocast_enabled("cpu"))


def normal(
    shape: tuple[int, ...],
    std: float,
    generators: Sequence[torch.Generator],
    dtype: torch.dtype | None,
) -> nn.Parameter:
    """Return a parameter (S, *shape) with entries N(0, std²), drawn for each learner by itself."""
    draws = [torch.empty(shape, dtype=dtype).normal_(0.0, std, generator=g) for g in generators]
    return nn.Parameter(torch.stack(draws))


class Linear(nn.Module):
    """An affine map per learner: y = x W + b, with W stored as (learner, in, out)."""

    def __init__(self, weight: nn.Parameter, bias: bool = True) -> None:
        super().__init__()
        self.weight = weight
        zeros = weight.new_zeros(weight.shape[0], weight.shape[2])
        self.bias = nn.Parameter(zeros) if bias else None

    def forward(self, x: Float[Tensor, "learner *rows in"]) -> Float[Tensor, "learner *rows out"]:
        """Apply learner s's map to `x[s]`."""
        return linear(x, self.weight, self.bias)


class LayerNorm(nn.Module):
    """Layer normalisation over the last axis, with each learner's own scale and shift."""

    def __init__(self, learners: int, d_model: int, dtype: torch.dtype | None) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(learners, d_model, dtype=dtype))
        self.bias = nn.Parameter(torch.zeros(learners, d_model, dtype=dtype))

    def forward(
        self, x: Float[Tensor, "learner *rows d_model"]
    ) -> Float[Tensor, "learner *rows d_model"]:
        """Normalise each row to mean 0 and variance 1, then scale and shift it."""
        wide = (self.weight.shape[0],) + (1,) * (x.dim() - 2) + (-1,)
        normal_rows = F.layer_norm(x, x.shape[-1:], eps=LAYER_NORM_EPS)
        return normal_rows * self.weight.view(wide) + self.bias.view(wide)


def linear(
    x: Float[Tensor, "learner *rows in"],
    weight: Float[Tensor, "learner in out"],
    bias: Float[Tensor, "learner out"] | None = None,
) -> Float[Tensor, "learner *rows out"]:
    """Return x[s] @ weight[s] + bias[s] for every learner s."""
    rows = x.reshape(x.shape[0], -1, x.shape[-1])
    if on_cpu(x):
        out = _apply(_LinearLoop, rows, weight, bias)
    elif bias is None:
        out = torch.bmm(rows, weight)
    else:
        out = torch.baddbmm(bias.unsqueeze(1), rows, weight)
    return out.view(*x.shape[:-1], weight.shape[-1])


def embedding(
    weight: Float[Tensor, "learner vocab d_model"], tokens: Int[Tensor, "learner *shape"]
) -> Float[Tensor, "learner *shape d_model"]:
    """Return weight[s][tokens[s]] for every learner s."""
    flat_tokens = tokens.reshape(tokens.shape[0], -1)
    if on_cpu(weight):
        rows = _apply(_EmbeddingLoop, weight, flat_tokens)
    else:
        learner = torch.arange(weight.shape[0], device=weight.device).unsqueeze(1)
        rows = weight[learner, flat_tokens]
    return rows.view(*tokens.shape, weight.shape[-1])


def dropout(
    x: Float[Tensor, "learner *shape"],
    rate: float,
    masks: Masks | None,
    order: tuple[int, ...] = (0, 2, 1, 3),
) -> Float[Tensor, "learner *shape"]:
    """Drop entries with probability `rate` and scale the others so that the mean stays.

    Args:
        x: the activations.
        rate: probability of dropping an entry.
        masks: the source of masks; None is evaluation.
        order: the order of x's axes in which masks are drawn, by default (learner, position, batch,
            d_model) for an x of (learner, batch, position, d_model).
    """
    if masks is None or dropped_of_65536(rate) == 0:
        return x
    drawn = x.permute(order)
    mask = masks.next(drawn[0].numel()).view(drawn.shape)
    kept = drawn * mask * (65536 / (65536 - dropped_of_65536(rate)))
    return kept.permute(*(order.index(axis) for axis in range(len(order))))


def _apply(function: type[torch.autograd.Function], *args: Tensor | None) -> Tensor:
    """Apply an autograd function; torch's `apply` has no types."""
    result: Tensor = function.apply(*args)
    return result


class _LinearLoop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.has_bias = bias is not None
        out = _Rows(x, (x.shape[1], weight.shape[2]))
        for s, row in enumerate(_aligned(x)):
            if bias is None:
                torch.mm(row, weight[s], out=out.rows[s])
            else:
                torch.addmm(bias[s], row, weight[s], out=out.rows[s])
        return out.stacked()

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        x, weight = ctx.saved_tensors
        need_x, need_weight, _ = ctx.needs_input_grad
        grad_x = _Rows(x, x.shape[1:]) if need_x else None
        grad_weight = _Rows(x, weight.shape[1:]) if need_weight else None
        grad_bias = x.new_empty(weight.shape[0], weight.shape[2]) if ctx.has_bias else None
        for s, (row, grad) in enumerate(zip(_aligned(x), _aligned(grads[0]), strict=True)):
            if grad_x is not None:
                torch.mm(grad, weight[s].t(), out=grad_x.rows[s])
            if grad_weight is not None:
                torch.mm(row.t(), grad, out=grad_weight.rows[s])
            if grad_bias is not None:
                torch.sum(grad, 0, out=grad_bias[s])
        return (
            grad_x.stacked() if grad_x else None,
            grad_weight.stacked() if grad_weight else None,
            grad_bias,
        )


def _aligned(x: Tensor) -> Sequence[Tensor]:
    """Return x[0], x[1], …, each on a 64-byte boundary, as a tensor of one learner would be.

    The last bits of a matrix product depend on its operands' alignment.
    """
    rows = x.contiguous().unbind(0)
    return rows if x[0].numel() % ALIGN == 0 else [row.clone() for row in rows]


class _Rows:
    """Buffers for one result per learner, each on a 64-byte boundary."""

    def __init__(self, like: Tensor, shape: Sequence[int]) -> None:
        self.whole: Tensor | None = None
        if math.prod(shape) % ALIGN == 0:
            self.whole = like.new_empty(like.shape[0], *shape)
            self.rows = self.whole.unbind(0)
        else:
            self.rows = tuple(like.new_empty(*shape) for _ in range(like.shape[0]))

    def stacked(self) -> Tensor:
        return torch.stack(self.rows) if self.whole is None else self.whole


class _EmbeddingLoop(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, weight: Tensor, tokens: Tensor) -> Tensor:
        ctx.save_for_backward(tokens)
        ctx.vocab_size = weight.shape[1]
        return torch.stack([F.embedding(t, w) for t, w in zip(tokens, weight, strict=True)])

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None]:
        (tokens,) = ctx.saved_tensors
        backward = torch.ops.aten.embedding_dense_backward
        rows = zip(grads[0].contiguous(), tokens, strict=True)
        return torch.stack([backward(g, t, ctx.vocab_size, -1, False) for g, t in rows]), None

"""A gradient step, and an evaluation, of one learner of a population."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from retrodict.models._dropout import WORD, MaskStream, dropped_of_65536
from retrodict.models._layers import LAYER_NORM_EPS
from retrodict.models._transformer import TransformerPopulation, rotation
from retrodict.models.explicit._attention import Rotary
from retrodict.models.explicit._block import (
    Block,
    BlockMasks,
    BlockViews,
    Transposed,
    norm_backward,
)
from retrodict.models.explicit._products import Products
from retrodict.models.explicit._shape import Shape, dropped

ApplyGradient = Callable[[slice, Tensor], None]
"""Is given a span of the learner's row of `flat` and the gradient there; changes the weights."""


class Views(NamedTuple):
    """One learner's weights, or their gradients, as views; None is frozen or not there."""

    tokens: Tensor | None
    positions: Tensor | None
    blocks: list[BlockViews]
    scale: Tensor
    shift: Tensor
    head: Tensor | None


class ExplicitTransformer:
    """Steps and evaluates the learners of a population, one at a time.

    Its buffers are for one thread; several threads take one each, and learners in turn. Call it
    with gradients switched off.

    Parameters:
        population: on a CPU; its weights are read, and changed by whoever `update` is.
        threads: how many work on a learner.
    """

    def __init__(self, population: TransformerPopulation, threads: int = 1) -> None:
        self.products = Products(threads)
        self.population, self.config = population, population.config
        self.dtype = population.flat.dtype
        self.weights = [self._weights(s) for s in range(population.learners)]
        self.transposed = [[Transposed.of(block) for block in w.blocks] for w in self.weights]
        self.spans = _Spans(population)
        self.gradient = self._gradient()
        self._plans: dict[tuple[int, int, int, bool, bool], _Plan] = {}

    def logits(
        self, learner: int, tokens: Int[Tensor, "batch length"], first: int
    ) -> Float[Tensor, "batch position vocab"]:
        """Return the logits at positions `first` and later, without dropout.

        They lie in a buffer that the next call of the same shape writes over.
        """
        batch, length = tokens.shape
        plan, w = self._plan(batch, length, first, False), self.weights[learner]
        found = plan.logits(self._embed(plan, tokens.t().reshape(-1), w), w, None)
        return found.view(-1, len(tokens), found.shape[-1]).transpose(0, 1)

    def step(
        self,
        learner: int,
        tokens: Int[Tensor, "batch length"],
        targets: Int[Tensor, "batch position"],
        drop: MaskStream | None,
        update: ApplyGradient,
        weights: Float[Tensor, "batch position"] | None = None,
        sees_all: Bool[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, ""]:
        """Take one gradient step on the mean cross-entropy; return the loss before it.

        Args:
            learner: which.
            tokens, targets: its input, and what follows at the last positions of it.
            drop: where dropout masks are drawn from; None drops nothing.
            update: called with part after part of the gradient, each as soon as it is complete
                and while it is in the cache; later parts do not need the weights of earlier ones.
            weights: what each prediction counts; None: all count 1.
            sees_all: which sentences of a causal model are seen whole from every position; None:
                none.
        """
        batch, length = tokens.shape
        plan = self._plan(batch, length, length - targets.shape[1], True, sees_all is not None)
        barred = None if sees_all is None else _barred(sees_all, length, self.dtype)
        w, g = self.weights[learner], self.gradient
        masks = None if drop is None else plan.masks(drop)
        flat_tokens, answers = tokens.t().reshape(-1), targets.t().reshape(-1, 1)
        x = self._embed(plan, flat_tokens, w)
        x = dropped(x, masks and masks.stream, plan.shape.kept, plan.stream)
        logp = torch.log_softmax(plan.logits(x, w, masks and masks.blocks, barred), -1)
        counts = None if weights is None else weights.t().reshape(-1, 1)
        truth = logp.gather(1, answers)
        loss = -(truth if counts is None else truth * counts).mean()

        grad_logits = logp.exp_()  # in place: probabilities, less one at the answer
        grad_logits.scatter_add_(1, answers, plan.minus_one)
        if counts is not None:
            grad_logits.mul_(counts)
        grad = plan.head_backward(grad_logits.div_(len(answers)), w, g)
        for i, block in reversed(list(enumerate(plan.blocks))):
            grad = block.backward(grad, w.blocks[i], self.transposed[learner][i], g.blocks[i])
            self._update(update, self.spans.blocks[i], self.spans.block_gradient)
        grad = dropped(grad, masks and masks.stream, plan.shape.kept, plan.stream)
        if g.positions is not None:
            used = grad.view(length, batch, -1).sum(1)
            g.positions.zero_()
            g.positions[:length].copy_(used)
        if g.tokens is not None:
            if not self.config.tied_head:
                g.tokens.zero_()
            g.tokens.index_add_(0, flat_tokens, grad)
        for span, part in self.spans.rest:
            self._update(update, span, part)
        return loss

    def _update(self, update: ApplyGradient, span: slice, gradient: Tensor) -> None:
        """ApplyGradient a span, each thread a part of it."""
        if self.products.threads == 1:
            update(span, gradient)
            return
        self.products.each(
            lambda part: update(
                slice(span.start + part.start, span.start + part.stop), gradient[part]
            ),
            self.products.parts(len(gradient)),
        )

    def _embed(self, plan: _Plan, flat_tokens: Tensor, w: Views) -> Tensor:
        assert w.tokens is not None
        x = torch.index_select(w.tokens, 0, flat_tokens, out=plan.stream)
        if w.positions is not None:
            length = plan.shape.length
            x.view(length, plan.shape.batch, -1).add_(w.positions[:length, None])
        return x

    def _plan(
        self, batch: int, length: int, first: int, training: bool, some_see_all: bool = False
    ) -> _Plan:
        key = (batch, length, first, training, some_see_all)
        if key not in self._plans:
            config = self.config
            kept = 1 - dropped_of_65536(config.dropout) / 65536
            causal = config.attention == "causal" and not some_see_all
            sizes = (batch, length, first, config.d_model, config.n_head)
            shape = Shape(*sizes, self.dtype, kept, causal)
            self._plans[key] = _Plan(shape, self.population, training, self.products)
        return self._plans[key]

    def _weights(self, s: int) -> Views:
        p, config = self.population, self.config
        places = config.position in ("absolute", "sinusoidal")
        return Views(
            tokens=p.token_embedding[s].detach(),
            positions=p.position_embedding[s].detach() if places else None,
            blocks=[_weights_of_block(block, s) for block in p.blocks],
            scale=p.norm.weight[s].detach(),
            shift=p.norm.bias[s].detach(),
            head=None if config.tied_head else p.head.weight[s].detach(),
        )

    def _gradient(self) -> Views:
        """Views into the gradient's buffers; all blocks share one."""
        view, config = self.spans.view, self.config
        block = _block_views(lambda name: view(f"blocks.0.{name}"), biases_as_rows=True)
        scale, shift = view("norm.weight"), view("norm.bias")
        assert scale is not None
        assert shift is not None
        return Views(
            tokens=view("token_embedding"),
            positions=view("position_embedding") if config.position == "absolute" else None,
            blocks=[block] * config.n_layer,
            scale=scale,
            shift=shift,
            head=None if config.tied_head else view("head.weight"),
        )


def _weights_of_block(block: nn.Module, s: int) -> BlockViews:
    return _block_views(lambda name: block.get_parameter(name)[s].detach())


def _block_views(get: Callable[[str], Tensor | None], biases_as_rows: bool = False) -> BlockViews:
    def needed(name: str) -> Tensor:
        found = get(name)
        assert found is not None
        return found.unsqueeze(0) if biases_as_rows and is_bias(name) else found

    def is_bias(name: str) -> bool:
        return name.endswith("bias") and not name.startswith("norm")

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


class _Spans:
    """Where a learner's gradient lies: parts of its row of `flat`, and a buffer for each.

    Blocks are alike and take turns, so one buffer serves them all, and stays in the cache.

    Attributes:
        blocks: the span of each block.
        block_gradient: the buffer that they share.
        rest: (span, buffer) of what comes before the blocks and after them.
    """

    def __init__(self, population: TransformerPopulation) -> None:
        self.population, spans = population, population.spans
        n_layer = population.config.n_layer
        starts = [spans[f"blocks.{i}.norm_1.weight"].start for i in range(n_layer)]
        ends = [*starts[1:], spans["norm.weight"].start]
        self.blocks = [slice(a, b) for a, b in zip(starts, ends, strict=True)]
        row = population.flat[0]
        self.block_gradient = torch.zeros_like(row[self.blocks[0]])
        outside = [slice(0, starts[0]), slice(ends[-1], len(row))]
        self.rest = [(s, torch.zeros_like(row[s])) for s in outside if s.stop > s.start]

    def view(self, name: str) -> Tensor | None:
        """View the gradient of a parameter; None if it is frozen."""
        span = self.population.spans.get(name)
        if span is None:
            return None
        parts = [(self.blocks[0], self.block_gradient), *self.rest]
        home, buffer = next((s, b) for s, b in parts if s.start <= span.start < s.stop)
        part = buffer[span.start - home.start : span.stop - home.start]
        return part.view(self.population.get_parameter(name).shape[1:])


class _Masks(NamedTuple):
    stream: Tensor
    blocks: list[BlockMasks]


class _Plan:
    """The buffers of a step, or of an evaluation, of one shape.

    A gradient needs what every block found; an evaluation lets blocks write over each other.
    """

    def __init__(
        self,
        shape: Shape,
        population: TransformerPopulation,
        training: bool,
        products: Products,
    ) -> None:
        self.shape, self.products, config = shape, products, population.config
        rotary = None
        if config.position == "rotary":
            d_head = shape.d_model // shape.n_head
            rotary = Rotary(*rotation(shape.length, d_head, shape.dtype))
        last, before = Block(shape, shape.first, rotary, products), config.n_layer - 1
        if training:
            self.blocks = [*(Block(shape, 0, rotary, products) for _ in range(before)), last]
        else:
            self.blocks = [Block(shape, 0, rotary, products)] * before + [last]
        self.stream = shape.buffer(shape.rows(), shape.d_model)
        rows = shape.rows(shape.first)
        self.result = shape.buffer(rows, population.vocab_size)
        self.grad_hidden = shape.buffer(rows, shape.d_model)
        self.minus_one = torch.full((rows, 1), -1.0, dtype=shape.dtype)
        self._mask_room: tuple[Tensor, _Masks] | None = None

    def masks(self, drop: MaskStream) -> _Masks:
        """Draw the masks of a step, all at once."""
        if self._mask_room is None:
            self._mask_room = self._make_mask_room()
        room, views = self._mask_room
        drop.fill(room)
        return views

    def _make_mask_room(self) -> tuple[Tensor, _Masks]:
        t, b, d, h = (getattr(self.shape, n) for n in ("length", "batch", "d_model", "n_head"))
        block = [(t, t, b, h), (t * b, d), (t * b, d)]
        shapes = [(t * b, d), *block * len(self.blocks)]
        sizes = [math.prod(shape) for shape in shapes]
        padded = [-(-size // WORD) * WORD for size in sizes]
        room = self.shape.buffer(sum(padded))
        parts = zip(room.split(padded), sizes, shapes, strict=True)
        stream, *rest = [part[:size].view(shape) for part, size, shape in parts]
        blocks = [BlockMasks(*rest[i : i + 3]) for i in range(0, len(rest), 3)]
        return room, _Masks(stream, blocks)

    def logits(
        self,
        x: Tensor,
        w: Views,
        masks: list[BlockMasks] | None,
        barred: Tensor | None = None,
    ) -> Tensor:
        """Pass the embedded stream through the blocks and the head: (rows from `first`, vocab)."""
        for i, (block, weights) in enumerate(zip(self.blocks, w.blocks, strict=True)):
            x = block.forward(x, weights, masks[i] if masks else None, barred)
        self.x = x
        self.hidden, *self.moments = torch.native_layer_norm(
            x, list(x.shape[-1:]), w.scale, w.shift, LAYER_NORM_EPS
        )
        return self.products.mm(self.hidden, _head(w), out=self.result)

    def head_backward(self, grad_logits: Tensor, w: Views, g: Views) -> Tensor:
        """Write the gradients of head and last norm; return that of the last block's output."""
        if g.head is not None:
            self.products.mm(self.hidden.t(), grad_logits, out=g.head)
        elif g.tokens is not None:  # tied, and not frozen
            self.products.mm(grad_logits.t(), self.hidden, out=g.tokens)
        self.products.mm(grad_logits, _head(w).t(), out=self.grad_hidden)
        grad, *norm = norm_backward(self.grad_hidden, self.x, self.moments, w.scale, w.shift)
        torch._foreach_copy_([g.scale, g.shift], norm)
        return grad


def _barred(
    sees_all: Bool[Tensor, " batch"], length: int, dtype: torch.dtype
) -> Float[Tensor, "query key batch 1 1"]:
    """What is added to scores: −∞ where a causal sentence's query would see a later key."""
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    hidden = later[:, :, None] & ~sees_all
    found = torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, -math.inf)
    return found[..., None, None]


def _head(w: Views) -> Tensor:
    assert w.tokens is not None
    return w.tokens.t() if w.head is None else w.head

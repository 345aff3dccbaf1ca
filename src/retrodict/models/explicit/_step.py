"""A gradient step, and an evaluation, of one learner of a population."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from retrodict.models._dropout import WORD, MaskStream, dropped_of_65536
from retrodict.models._layers import LAYER_NORM_EPS
from retrodict.models._transformer import TransformerPopulation, rotation
from retrodict.models.explicit._attention import Rotary
from retrodict.models.explicit._block import Block, BlockMasks, Transposed, norm_backward
from retrodict.models.explicit._products import Products
from retrodict.models.explicit._shape import Shape, dropped
from retrodict.models.explicit._views import Gradient, Views

ApplyGradient = Callable[[slice, Tensor], None]
"""Is given a span of the learner's row of `flat` and the gradient there; changes the weights."""


class ExplicitTransformer:
    """Steps and evaluates the learners of a population, one at a time.

    Its buffers are for one thread; several threads take one each, and learners in turn. Call it
    with gradients switched off.

    Parameters:
        population: on a CPU; its weights are read, and changed by `update`.
        threads: how many work on a learner.
    """

    def __init__(self, population: TransformerPopulation, threads: int = 1) -> None:
        self.products = Products(threads)
        self.population, self.config = population, population.config
        self.dtype = population.flat.dtype
        self.weights = [Views.weights(population, s) for s in range(population.learners)]
        self.transposed = [[Transposed.of(block) for block in w.blocks] for w in self.weights]
        self.gradient = Gradient(population)
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

    def embed(self, learner: int, tokens: Int[Tensor, "*shape"]) -> Float[Tensor, "*shape d_model"]:
        """Look up the token embeddings."""
        return _tokens(self.weights[learner])[tokens]

    def step(
        self,
        learner: int,
        tokens: Int[Tensor, "batch length"],
        targets: Int[Tensor, "batch position"],
        drop: MaskStream | None,
        update: ApplyGradient,
        weights: Float[Tensor, "batch position"] | None = None,
        bidirectional: Bool[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, ""]:
        """Take one gradient step on the mean cross-entropy; return the loss before it.

        Args:
            learner: the learner's index.
            tokens, targets: its input, and what follows at the last positions of it.
            drop: where dropout masks are drawn from; None drops nothing.
            update: called with part after part of the gradient, each as soon as it is complete
                and while it is in the cache; later parts do not need the weights of earlier ones.
            weights: what each prediction counts; None: all count 1.
            bidirectional: in which sentences of a causal model every position sees all; None: none.
        """
        batch, length = tokens.shape
        plan = self._plan(batch, length, length - targets.shape[1], True, bidirectional is not None)
        barred = None if bidirectional is None else _barred(bidirectional, length, self.dtype)
        w, g = self.weights[learner], self.gradient.views
        masks = None if drop is None else plan.masks(drop)
        flat_tokens, answers = tokens.t().reshape(-1), targets.t().reshape(-1, 1)
        x = self._embed(plan, flat_tokens, w)
        x = dropped(x, masks and masks.stream, plan.shape.kept, plan.stream)
        logp = torch.log_softmax(plan.logits(x, w, masks and masks.blocks, barred), -1)
        counts = None if weights is None else weights.t().reshape(-1, 1)
        truth = logp.gather(1, answers)
        loss = -(truth if counts is None else truth * counts).mean()

        grad_logits = logp.exp_()  # in place: probabilities, minus one at the answer
        grad_logits.scatter_add_(1, answers, plan.minus_one)
        if counts is not None:
            grad_logits.mul_(counts)
        grad = plan.head_backward(grad_logits.div_(len(answers)), w, g)
        for i, block in reversed(list(enumerate(plan.blocks))):
            grad = block.backward(grad, w.blocks[i], self.transposed[learner][i], g.blocks[i])
            self._update(update, self.gradient.blocks[i], self.gradient.block)
        grad = dropped(grad, masks and masks.stream, plan.shape.kept, plan.stream)
        if g.positions is not None:
            used = grad.view(length, batch, -1).sum(1)
            g.positions.zero_()
            g.positions[:length].copy_(used)
        if g.tokens is not None:
            if not self.config.tied_head:
                g.tokens.zero_()
            g.tokens.index_add_(0, flat_tokens, grad)
        for span, part in self.gradient.rest:
            self._update(update, span, part)
        return loss

    def _update(self, update: ApplyGradient, span: slice, gradient: Tensor) -> None:
        """Apply the gradient of a span, each thread a part of it."""
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
        x = torch.index_select(_tokens(w), 0, flat_tokens, out=plan.stream)
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
    bidirectional: Bool[Tensor, " batch"], length: int, dtype: torch.dtype
) -> Float[Tensor, "query key batch 1 1"]:
    """What is added to scores: −∞ where a causal sentence's query would see a later key."""
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    hidden = later[:, :, None] & ~bidirectional
    found = torch.zeros(hidden.shape, dtype=dtype).masked_fill_(hidden, -math.inf)
    return found[..., None, None]


def _head(w: Views) -> Tensor:
    return _tokens(w).t() if w.head is None else w.head


def _tokens(w: Views) -> Tensor:
    assert w.tokens is not None
    return w.tokens

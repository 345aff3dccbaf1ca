"""Time parts of the step, each against an alternative that was rejected.

All have 128 rows of width 256 and run on one core, as a learner of a population does; products also
run on all cores.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

from retrodict.bench._duel import Duel
from retrodict.bench._row import Row
from retrodict.bench._section import Plan, Section, milliseconds, number
from retrodict.experiment import AdamW
from retrodict.limits import core_count
from retrodict.models._dropout import MaskStream
from retrodict.models.explicit._block import Gelu
from retrodict.models.explicit._products import Products
from retrodict.models.explicit._shape import Shape
from retrodict.progress import Tick
from retrodict.training import threads_of_torch
from retrodict.training._update import update_of

_REPEATS, _LEARNERS = 9, 10
_BATCH, _WIDTH = 64, 256


def measure_pieces(plan: Plan, tick: Tick) -> list[Row]:
    """Time each piece and its alternative, in turn."""
    width = 16 if plan.quick else _WIDTH
    config = f"128 rows, width {width}{plan.note}"
    rows: list[Row] = []
    with torch.no_grad():
        pieces = [(1, duel) for make in _ON_ONE_CORE for duel in make(width)]
        pieces.append((core_count(), _products_of_learners(width)))
        for threads, duel in pieces:
            with threads_of_torch(threads):
                row = duel.row(plan.repeats or _REPEATS, threads, section="pieces", config=config)
            rows.append(row)
            tick(len(rows) / len(pieces))
    return rows


def _gelu(width: int) -> list[Duel]:
    shape = Shape(_BATCH, 2, 1, width, 1, torch.float32, 1.0)
    gelu = Gelu(shape, shape.rows(), Products(1))
    x = torch.randn(shape.rows(), 4 * width)
    gradient = torch.ones_like(x)

    def ours() -> None:
        gelu.x.copy_(x)
        gelu.grad.copy_(gradient)
        gelu.forward()
        gelu.backward()

    def plain() -> None:
        F.gelu(x, approximate="tanh")
        torch.ops.aten.gelu_backward(gradient, x, approximate="tanh")

    return [Duel("GELU, gradient: a sigmoid, four passes each, against torch's tanh", ours, plain)]


def _masks(width: int) -> list[Duel]:
    room = torch.empty(128 * width)
    stream, generator = MaskStream(0, 1, 0.1), torch.Generator().manual_seed(0)
    return [
        Duel(
            "dropout mask: 16 bits an entry from SFC64, against bernoulli_",
            lambda: stream.fill(room),
            lambda: room.bernoulli_(0.9, generator=generator),
        )
    ]


def _products_of_learners(width: int) -> Duel:
    many_x = torch.randn(_LEARNERS, 128, width)
    many_up = torch.randn(_LEARNERS, width, 4 * width)
    many_gradient = torch.randn(_LEARNERS, 128, 4 * width)

    def one_by_one() -> None:
        for a, w, g in zip(many_x, many_up, many_gradient, strict=True):
            torch.mm(g, w.t())
            torch.mm(a.t(), g)

    def batched() -> None:
        torch.bmm(many_gradient, many_up.transpose(1, 2))
        torch.bmm(many_x.transpose(1, 2), many_gradient)

    return Duel(
        f"backward products of {_LEARNERS} learners, all cores: one by one, against batched",
        one_by_one,
        batched,
    )


def _products(width: int) -> list[Duel]:
    x, up = torch.randn(128, width), torch.randn(width, 4 * width)
    gradient = torch.randn(128, 4 * width)
    rounded = [t.to(torch.bfloat16) for t in (x, up)]
    return [
        Duel(
            "product: float32, against bfloat16",
            lambda: torch.mm(x, up),
            lambda: torch.mm(*rounded),
        ),
        Duel(
            "bias gradient: a product with ones, against a sum",
            lambda: torch.mm(torch.ones(1, 128), gradient),
            lambda: gradient.sum(0),
        ),
    ]


def _optimiser(width: int) -> list[Duel]:
    """A learner of four blocks: one block's gradients fit into the cache, all blocks' do not."""
    size = 12 * width * width
    flat = torch.zeros(1, 4 * size)
    whole, block = torch.full((1, 4 * size), 1e-3), torch.full((size,), 1e-3)
    update = update_of(AdamW(), flat)
    torch_flat = torch.zeros(4 * size)
    torch_flat.grad = whole[0]
    plain = torch.optim.AdamW([torch_flat], foreach=False, fused=False)

    def by_block() -> None:
        update.begin(slice(0, 1))
        for i in range(4):
            update.apply(0, slice(i * size, (i + 1) * size), block)

    def at_once() -> None:
        update.begin(slice(0, 1))
        update.apply(0, slice(0, 4 * size), whole[0])

    return [
        Duel("AdamW: each block's gradient as it comes, against all at last", by_block, at_once),
        Duel("AdamW: fused, against torch's plain passes", by_block, plain.step),
    ]


_ON_ONE_CORE = (_gelu, _masks, _products, _optimiser)


def _cells(row: Row) -> dict[str, str]:
    return {
        "what": row.variant,
        "kept ms": milliseconds(row.seconds_ours),
        "other ms": milliseconds(row.seconds_brute_force),
        "ratio": number(row.ratio),
    }


SECTION = Section(
    name="pieces",
    title="parts of the step, and rejected alternatives",
    legend="Milliseconds of our version and of the alternative; ratio: alternative over ours.",
    seconds=10.0,
    measure=measure_pieces,
    cells=_cells,
)

"""The written-out step against the plain model and autograd, which say what it should be."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from retrodict.models import Transformer
from retrodict.models._dropout import WORD, MaskStream
from retrodict.models.explicit import ExplicitTransformer
from retrodict.models.explicit._block import Gelu
from retrodict.models.explicit._products import Products
from retrodict.models.explicit._shape import Shape

pytestmark = pytest.mark.seconds

VOCAB, SEEDS = 23, (3, 4)


class Replayed:
    """Hands the plain model the masks that the written-out steps draw."""

    def __init__(self, rate: float) -> None:
        self.streams = [MaskStream(seed, 1, rate) for seed in SEEDS]

    def next(self, size: int) -> torch.Tensor:
        padded = -(-size // WORD) * WORD
        drawn = [s.fill(torch.empty(padded, dtype=torch.float64)) for s in self.streams]
        return torch.stack(drawn)[:, :size]


def compare(
    config: Transformer,
    batch: int,
    length: int,
    first: int,
    threads: int = 1,
    weighted: bool = False,
    some_see_all: bool = False,
) -> None:
    """Loss, gradients and logits agree to rounding in float64, for two learners."""
    population = config.build(VOCAB, length + 1, SEEDS, dtype=torch.float64)
    random = torch.Generator().manual_seed(0)
    noise = torch.randn(population.flat.shape, generator=random, dtype=torch.float64)
    population.flat.add_(0.2 * noise)  # larger than at the start, so nothing hides in rounding
    tokens = torch.randint(0, VOCAB, (2, batch, length), generator=random)
    targets = torch.randint(0, VOCAB, (2, batch, length - first), generator=random)
    drops = config.dropout > 0
    bidirectional = (torch.rand(2, batch, generator=random) < 0.5) if some_see_all else None
    masks = Replayed(config.dropout) if drops else None
    logits = population(tokens, first, masks, bidirectional)
    nll = F.cross_entropy(logits.flatten(0, 2), targets.flatten(), reduction="none")
    weights = torch.rand(targets.shape, generator=random, dtype=torch.float64) * 3
    weights *= torch.rand(targets.shape, generator=random) < 0.6  # some count nothing
    if weighted:
        nll = nll * weights.flatten()
    losses = nll.view(2, -1).mean(1)
    population.backward(losses.sum())

    streams = Replayed(config.dropout).streams
    explicit = ExplicitTransformer(population, threads)
    with torch.no_grad():
        for s in range(2):
            found = torch.full_like(population.flat[s], torch.nan)
            loss = explicit.step(
                s,
                tokens[s],
                targets[s],
                streams[s] if drops else None,
                lambda span, part, home=found: home[span].copy_(part),
                weights[s] if weighted else None,
                None if bidirectional is None else bidirectional[s],
            )
            torch.testing.assert_close(loss, losses[s].detach(), rtol=1e-11, atol=0.0)
            torch.testing.assert_close(found, population.flat_grad[s], rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(
                explicit.logits(s, tokens[s], first),
                population(tokens, first)[s],
                rtol=1e-10,
                atol=1e-12,
            )


MODELS = {
    "default": {},
    "dropout": {"dropout": 0.3},
    "one layer": {"n_layer": 1, "dropout": 0.1},
    "tied": {"tied_head": True, "dropout": 0.1},
    "rotary": {"position": "rotary"},
    "no position": {"position": "none"},
    "sinusoidal, frozen": {"position": "sinusoidal", "freeze_embeddings": True},
    "frozen": {"freeze_embeddings": True, "dropout": 0.1},
    "frozen and tied": {"freeze_embeddings": True, "tied_head": True},
    "both sides": {"attention": "bidirectional", "dropout": 0.1},
    "both sides, rotary": {"attention": "bidirectional", "position": "rotary"},
}


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS.keys())
@pytest.mark.parametrize(
    ("batch", "length", "first"), [(7, 2, 1), (5, 1, 0), (6, 5, 2), (6, 5, 0), (1, 3, 1), (4, 2, 0)]
)
def test_it_is_the_plain_model_and_its_gradient(options, batch, length, first):
    model = {"n_layer": 3, "n_head": 2, "d_model": 16, "dropout": 0.0, **options}
    compare(Transformer(**model), batch, length, first)


@pytest.mark.parametrize("options", MODELS.values(), ids=MODELS.keys())
def test_predictions_have_the_weights_of_the_formula(options):
    model = {"n_layer": 2, "n_head": 2, "d_model": 16, "dropout": 0.0, **options}
    compare(Transformer(**model), 6, 5, 0, weighted=True)


@pytest.mark.parametrize("options", [{}, {"dropout": 0.2}, {"position": "rotary"}])
@pytest.mark.parametrize(("batch", "length", "first"), [(7, 4, 0), (6, 5, 2), (3, 1, 0)])
def test_some_sentences_of_a_causal_model_are_seen_whole(options, batch, length, first):
    model = {"n_layer": 2, "n_head": 2, "d_model": 16, "dropout": 0.0, **options}
    compare(Transformer(**model), batch, length, first, weighted=True, some_see_all=True)


@settings(max_examples=25, deadline=None)
@given(
    n_layer=st.integers(1, 3),
    n_head=st.sampled_from([1, 2, 3]),
    d_head=st.integers(4, 9),
    position=st.sampled_from(["absolute", "none", "rotary", "sinusoidal"]),
    attention=st.sampled_from(["causal", "bidirectional"]),
    tied=st.booleans(),
    frozen=st.booleans(),
    dropout=st.sampled_from([0.0, 0.1, 0.5]),
    batch=st.integers(1, 9),
    length=st.integers(1, 6),
    data=st.data(),
)
def test_it_is_the_plain_model_at_any_size(
    n_layer, n_head, d_head, position, attention, tied, frozen, dropout, batch, length, data
):
    config = Transformer(
        n_layer=n_layer,
        n_head=n_head,
        d_model=n_head * d_head,
        position=position,
        attention=attention,
        tied_head=tied,
        freeze_embeddings=frozen,
        dropout=dropout,
    )
    compare(config, batch, length, data.draw(st.integers(0, length - 1)))


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_on_a_learner_find_the_same(threads):
    compare(Transformer(n_layer=2, n_head=2, d_model=40), 7, 2, 1, threads)


def test_a_weight_is_updated_only_when_no_later_part_needs_it():
    """Updates that ruin the weights at once do not change the rest of the gradient."""
    config = Transformer(n_layer=3, n_head=2, d_model=16, dropout=0.0, tied_head=True)
    tokens = torch.randint(0, VOCAB, (8, 2), generator=torch.Generator().manual_seed(0))
    targets = tokens[:, :1]

    def gradient(ruin: bool) -> torch.Tensor:
        population = config.build(VOCAB, 2, [0], dtype=torch.float64)
        found = torch.full_like(population.flat[0], torch.nan)

        def update(span: slice, part: torch.Tensor) -> None:
            found[span] = part
            if ruin:
                population.flat[0, span] = torch.nan

        with torch.no_grad():
            ExplicitTransformer(population).step(0, tokens, targets, None, update)
        return found

    assert torch.equal(gradient(ruin=False), gradient(ruin=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_gelu_is_the_tanh_approximation_also_far_out(threads):
    values = torch.cat([torch.linspace(-12, 12, 1000), torch.tensor([-1e4, -60.0, 60.0, 1e4])])
    gelu = Gelu(Shape(251, 1, 0, 1, 1, torch.float32, 1.0), 251, Products(threads))
    gelu.x.copy_(values.view(251, 4))
    x = gelu.x.double().requires_grad_()
    expected = F.gelu(x, approximate="tanh")
    (slope,) = torch.autograd.grad(expected.sum(), x)
    # float32 rounding of values up to 12, and of the sigmoid near 0 and 1
    torch.testing.assert_close(gelu.forward().double(), expected, rtol=1e-5, atol=1e-6)
    gelu.grad.fill_(1.0)
    found = gelu.backward().double()
    torch.testing.assert_close(found, slope, rtol=1e-5, atol=1e-5)

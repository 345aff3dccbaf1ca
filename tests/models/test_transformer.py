"""The transformer against Hugging Face GPT-2, and a learner against itself in a population."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from transformers import GPT2Config, GPT2LMHeadModel

from retrodict.models import Transformer
from retrodict.models._dropout import HashMasks

VOCAB, LENGTH, WIDTH, LAYERS, HEADS = 53, 5, 32, 3, 4


def hugging_face(tied: bool, dtype: torch.dtype, dropout: float = 0.0) -> GPT2LMHeadModel:
    torch.manual_seed(1)
    config = GPT2Config(
        vocab_size=VOCAB,
        n_positions=LENGTH,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        resid_pdrop=dropout,
        embd_pdrop=dropout,
        attn_pdrop=dropout,
        tie_word_embeddings=tied,
        attn_implementation="eager",
        bos_token_id=0,
        eos_token_id=0,
    )
    model = GPT2LMHeadModel(config)
    with torch.no_grad():  # larger than the initial weights, so that nothing hides in rounding
        for parameter in model.parameters():
            parameter.add_(0.1 * torch.randn_like(parameter))
    return model.to(dtype).train()


def counterparts(ours, theirs, tied: bool) -> list[tuple[str, torch.Tensor, torch.Tensor, bool]]:
    """(name, our parameter, their parameter, whether theirs is transposed)."""
    t = theirs.transformer
    pairs = [
        ("token_embedding", ours.token_embedding, t.wte.weight, False),
        ("position_embedding", ours.position_embedding, t.wpe.weight, False),
        ("norm.weight", ours.norm.weight, t.ln_f.weight, False),
        ("norm.bias", ours.norm.bias, t.ln_f.bias, False),
    ]
    if not tied:
        pairs.append(("head", ours.head.weight, theirs.lm_head.weight, True))
    for i, (a, b) in enumerate(zip(ours.blocks, t.h, strict=True)):
        for name, x, y in (
            ("qkv", a.attention.qkv, b.attn.c_attn),
            ("out", a.attention.out, b.attn.c_proj),
            ("up", a.mlp.up, b.mlp.c_fc),
            ("down", a.mlp.down, b.mlp.c_proj),
            ("norm_1", a.norm_1, b.ln_1),
            ("norm_2", a.norm_2, b.ln_2),
        ):
            pairs.append((f"{i}.{name}.weight", x.weight, y.weight, False))
            pairs.append((f"{i}.{name}.bias", x.bias, y.bias, False))
    return pairs


def side_by_side(tied: bool, dtype: torch.dtype, dropout: float = 0.0):
    learner, learners = 1, 3
    theirs = hugging_face(tied, dtype, dropout)
    config = Transformer(
        n_layer=LAYERS, n_head=HEADS, d_model=WIDTH, tied_head=tied, dropout=dropout
    )
    ours = config.build(VOCAB, LENGTH, range(learners), dtype=dtype)
    pairs = counterparts(ours, theirs, tied)
    with torch.no_grad():
        for _, mine, other, transposed in pairs:
            mine[learner].copy_(other.t() if transposed else other)
    tokens = torch.randint(
        0, VOCAB, (learners, 7, LENGTH), generator=torch.Generator().manual_seed(2)
    )
    return ours, theirs, pairs, tokens


def gradient_views(ours, pairs) -> dict[str, torch.Tensor]:
    """Each of our parameters' gradients, found by where the parameter lies in `flat`."""
    views = {}
    for name, mine, _, _ in pairs:
        start = mine.storage_offset() - ours.flat.storage_offset()
        part = ours.flat_grad[:, start : start + mine[0].numel()]
        views[name] = part.view(mine.shape)
    return views


@pytest.mark.parametrize("tied", [False, True])
def test_logits_and_gradients_are_those_of_hugging_face_gpt2(tied):
    ours, theirs, pairs, tokens = side_by_side(tied, torch.float32)
    mine = ours(tokens[:, :, :-1])
    other = theirs(tokens[1, :, :-1]).logits
    torch.testing.assert_close(mine[1], other, rtol=1e-5, atol=1e-5)

    targets = tokens[:, :, 1:]
    ours.backward(F.cross_entropy(mine.flatten(0, 2), targets.flatten(), reduction="sum"))
    F.cross_entropy(other.flatten(0, 1), targets[1].flatten(), reduction="sum").backward()
    gradients = gradient_views(ours, pairs)
    for name, _, reference, transposed in pairs:
        expected = reference.grad.t() if transposed else reference.grad
        scale = expected.abs().max().item()
        torch.testing.assert_close(
            gradients[name][1], expected, rtol=1e-5, atol=1e-5 * max(scale, 1.0), msg=name
        )


@pytest.mark.parametrize("tied", [False, True])
def test_twenty_adamw_steps_in_float64_stay_with_hugging_face(tied):
    ours, theirs, _, tokens = side_by_side(tied, torch.float64)
    options = {"lr": 0.01, "weight_decay": 0.01}
    rows = [row.detach() for row in ours.flat]
    for row, grad in zip(rows, ours.flat_grad, strict=True):
        row.grad = grad
    my_optimizer = torch.optim.AdamW(rows, fused=True, **options)
    their_optimizer = torch.optim.AdamW(theirs.parameters(), foreach=False, **options)
    for step in range(20):
        batch = tokens.roll(step, dims=1)[:, :4]
        logits = ours(batch[:, :, :-1], first=2)
        ours.backward(
            F.cross_entropy(logits.flatten(0, 2), batch[:, :, 3:].flatten(), reduction="sum")
        )
        my_optimizer.step()
        their_optimizer.zero_grad()
        logits = theirs(batch[1, :, :-1]).logits[:, 2:]
        F.cross_entropy(logits.flatten(0, 1), batch[1, :, 3:].flatten(), reduction="sum").backward()
        their_optimizer.step()
    with torch.no_grad():
        torch.testing.assert_close(ours(tokens)[1], theirs(tokens[1]).logits, rtol=0.0, atol=1e-8)


def test_dropout_acts_where_it_does_in_hugging_face_gpt2():
    """Same weights, other masks: the logits' means and spreads over many masks agree."""
    ours, theirs, _, tokens = side_by_side(False, torch.float32, dropout=0.2)
    draws = 4000
    batch = tokens[:, :1].expand(-1, draws, -1)
    with torch.no_grad():
        mine = ours(batch, 3, HashMasks(torch.arange(3), 0.2, torch.float32))[1].flatten(1)
        torch.manual_seed(0)
        other = theirs(batch[1]).logits[:, 3:].flatten(1)
    spread = (mine.var(0) + other.var(0)).sqrt() / draws**0.5
    # 106 logits: the largest of as many normal values is below 4.5 all but once in a thousand
    assert ((mine.mean(0) - other.mean(0)).abs() / spread).max() < 4.5
    # a variance over n draws has relative standard error sqrt(2/n), two of them sqrt(4/n); heavier
    # tails than a normal's double it at most
    ratio = (mine.var(0) / other.var(0)).log()
    assert ratio.abs().max() < 2 * 4.5 * (4 / draws) ** 0.5
    assert ratio.mean().abs() < 4.5 * (4 / draws) ** 0.5


CONFIGS = [
    Transformer(n_layer=2, n_head=4, d_model=32),
    Transformer(n_layer=1, n_head=4, d_model=20, position="rotary"),
    Transformer(n_layer=2, n_head=1, d_model=36, position="none", tied_head=True),
    Transformer(n_layer=1, n_head=2, d_model=24, position="sinusoidal", freeze_embeddings=True),
    Transformer(n_layer=2, n_head=4, d_model=128, freeze_embeddings=True, tied_head=True),
]


@pytest.mark.parametrize("config", CONFIGS)
def test_batched_kernels_agree_with_the_loop_over_learners(config, monkeypatch):
    """The formulas that run on other devices, tried on the CPU in float64."""
    looped = gradient_and_logits_64(config)
    for name in ("_LinearLoop", "_EmbeddingLoop"):
        monkeypatch.setattr(f"retrodict.models._layers.{name}", None)
    monkeypatch.setattr("retrodict.models._layers.on_cpu", lambda tensor: False)
    batched = gradient_and_logits_64(config)
    for one, other in zip(looped, batched, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)


def gradient_and_logits_64(config):
    population = config.build(41, 3, [1, 2], dtype=torch.float64)
    tokens = torch.randint(0, 41, (2, 9, 3), generator=torch.Generator().manual_seed(0))
    logits = population(tokens, 1, HashMasks(torch.tensor([1, 2]), 0.1, torch.float64))
    population.backward(logits.square().sum())
    return population.flat_grad, logits.detach()


def test_layer_gradients_agree_with_finite_differences():
    config = Transformer(n_layer=1, n_head=2, d_model=8, position="rotary", dropout=0.0)
    population = config.build(11, 3, [0, 1], dtype=torch.float64)
    tokens = torch.randint(0, 11, (2, 2, 3), generator=torch.Generator().manual_seed(0))

    def loss() -> torch.Tensor:
        return population(tokens).sin().sum()

    population.backward(loss())
    direction = torch.randn(
        population.flat.shape, generator=torch.Generator().manual_seed(3), dtype=torch.float64
    )
    expected = (population.flat_grad * direction).sum()
    step = 1e-6
    with torch.no_grad():
        population.flat.add_(step * direction)
        above = loss()
        population.flat.add_(-2 * step * direction)
        below = loss()
    # central differences err by step² times a third derivative of size 10 to 1000
    torch.testing.assert_close((above - below) / (2 * step), expected, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("config", CONFIGS)
def test_parameters_are_counted_as_they_are_built(config):
    built = config.build(41, 3, [0])
    count = sum(parameter.numel() for parameter in built.parameters())
    assert config.parameter_count(41, 3) == count


def test_frozen_embeddings_are_not_trained():
    config = Transformer(n_layer=1, n_head=2, d_model=8, freeze_embeddings=True)
    population = config.build(11, 3, [0])
    trained = {name for name, p in population.named_parameters() if p.requires_grad}
    assert not trained & {"token_embedding", "position_embedding"}
    assert "head.weight" in trained


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"n_head": 5, "d_model": 768}, "n_head 5 does not divide d_model 768.*is [46]"),
        ({"n_head": 4, "d_model": 8, "position": "rotary"}, "at least 4 dimensions"),
        ({"dropout": 1.0}, "less than 1"),
        ({"position": "relative"}, "absolute"),
    ],
)
def test_sizes_that_do_not_fit_are_refused_in_words(options, says):
    with pytest.raises(ValueError, match=says):
        Transformer(**options)

"""Attention to both sides against torch's own, and example by example against two models."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from retrodict.models import Transformer
from retrodict.models._transformer import rotate

SMALL = {"n_layer": 2, "n_head": 2, "d_model": 16, "dropout": 0.0}
POSITIONS = ["absolute", "sinusoidal", "rotary", "none"]
TOKENS = torch.randint(0, 11, (2, 6, 4), generator=torch.Generator().manual_seed(0))


def built(**options):
    """A population of two whose weights are larger than at the start, so nothing hides."""
    config = Transformer.model_validate({**SMALL, **options})
    population = config.build(11, 4, (1, 2), dtype=torch.float64)
    noise = torch.randn(
        population.flat.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64
    )
    population.flat.add_(0.3 * noise)
    return population


def by_torch(population, s: int, tokens: torch.Tensor, causal: bool) -> torch.Tensor:
    """Learner s's logits, by torch's own attention and layers."""
    config, x = population.config, population.token_embedding[s][tokens]
    if config.position in ("absolute", "sinusoidal"):
        x = x + population.position_embedding[s][: tokens.shape[1]]

    def norm(layer, x):
        return F.layer_norm(x, x.shape[-1:], layer.weight[s], layer.bias[s])

    def affine(layer, x):
        return x @ layer.weight[s] + layer.bias[s]

    for block in population.blocks:
        q, k, v = affine(block.attention.qkv, norm(block.norm_1, x)).chunk(3, dim=-1)
        q, k, v = (p.unflatten(-1, (config.n_head, -1)).transpose(1, 2) for p in (q, k, v))
        if config.position == "rotary":
            q, k = rotate(q[None])[0], rotate(k[None])[0]
        mixed = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        x = x + affine(block.attention.out, mixed.transpose(1, 2).flatten(-2))
        inner = F.gelu(affine(block.mlp.up, norm(block.norm_2, x)), approximate="tanh")
        x = x + affine(block.mlp.down, inner)
    return norm(population.norm, x) @ population.head.weight[s]


@pytest.mark.parametrize("position", POSITIONS)
@pytest.mark.parametrize("attention", ["causal", "bidirectional"])
def test_it_is_torchs_own_attention(attention, position):
    population = built(attention=attention, position=position)
    with torch.no_grad():
        found = population(TOKENS)
        for s in range(2):
            expected = by_torch(population, s, TOKENS[s], attention == "causal")
            torch.testing.assert_close(found[s], expected, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("position", POSITIONS)
def test_each_example_can_have_its_own_direction_of_attention(position):
    mixed = built(position=position)
    both = built(position=position, attention="bidirectional")
    torch.testing.assert_close(both.flat, mixed.flat, rtol=0, atol=0)
    bidirectional = torch.tensor(
        [[True, False, True, False, False, True], [False] * 3 + [True] * 3]
    )
    with torch.no_grad():
        found = mixed(TOKENS, 0, None, bidirectional)
        expected = torch.where(bidirectional[:, :, None, None], both(TOKENS), mixed(TOKENS))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-13)


def test_only_attention_to_both_sides_sees_later_tokens():
    changed = TOKENS.clone()
    changed[:, :, -1] = (changed[:, :, -1] + 1) % 11
    with torch.no_grad():
        for attention, sees in (("causal", False), ("bidirectional", True)):
            population = built(attention=attention)
            before, after = population(TOKENS)[:, :, :-1], population(changed)[:, :, :-1]
            assert torch.equal(before, after) != sees


def test_a_summary_says_that_attention_is_to_both_sides():
    assert Transformer.model_validate(SMALL).summary == "2 layers, 2 heads, width 16"
    both = Transformer.model_validate({**SMALL, "attention": "bidirectional"})
    assert both.summary.endswith("attention to both sides")

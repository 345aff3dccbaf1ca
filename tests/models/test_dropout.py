"""Dropout's masks: their rate, their independence, and that their order of axes is as told."""

from __future__ import annotations

import pytest
import torch

from retrodict.models._dropout import HashMasks, MaskStream, mixed
from retrodict.models._layers import dropout

DRAWS = 400_000


def stream_mask(rate: float, seed: int, epoch: int = 1) -> torch.Tensor:
    return MaskStream(seed, epoch, rate).fill(torch.empty(DRAWS))


def hash_masks(rate: float, keys: list[int]) -> torch.Tensor:
    return HashMasks(torch.tensor(keys), rate, torch.float32).next(DRAWS)


@pytest.mark.parametrize("rate", [0.1, 0.5])
@pytest.mark.parametrize("kind", ["stream", "hash"])
def test_masks_keep_as_many_as_they_should_and_do_not_resemble_each_other(kind, rate):
    if kind == "stream":
        masks = [stream_mask(rate, 0), stream_mask(rate, 1), stream_mask(rate, 0, epoch=2)]
    else:
        masks = list(hash_masks(rate, [0, 1, 2**32 - 1]))
    spread = (rate * (1 - rate) / DRAWS) ** 0.5
    for mask in masks:
        assert set(mask.unique().tolist()) == {0.0, 1.0}
        assert abs(mask.mean() - (1 - rate)) < 5 * spread  # five standard errors
    # correlations of n independent pairs have standard error 1/sqrt(n); lags along one mask, too
    pairs = [(masks[0], masks[1]), (masks[1], masks[2]), (masks[0], masks[2])]
    pairs += [(m[lag:], m[:-lag]) for m in masks for lag in (1, 2, 3, 4, 64, 768)]
    for one, other in pairs:
        correlation = torch.corrcoef(torch.stack([one, other]))[0, 1]
        assert abs(correlation) < 5 / DRAWS**0.5


def test_neighbouring_keys_share_no_shifted_mask():
    """Keys and counters are mixed apart, so key + 1 is not the same mask one place on."""
    one, other = hash_masks(0.5, [7, 8])
    for lag in range(1, 20):
        assert abs(torch.corrcoef(torch.stack([one[lag:], other[:-lag]]))[0, 1]) < 5 / DRAWS**0.5


def test_the_hash_flips_half_of_its_bits_when_one_bit_of_its_input_flips():
    x = torch.arange(4096) * 1_000_003 % 2**32
    for bit in range(32):
        changed = mixed(x) ^ mixed(x ^ (1 << bit))
        share = torch.stack([(changed >> i) & 1 for i in range(32)]).double().mean(1)
        # 4096 fair coins: standard error 0.008; this hash is not perfect, so wide of 5 of them
        assert share.min() > 0.3
        assert share.max() < 0.7
    assert mixed(x).min() >= 0
    assert mixed(x).max() < 2**32


def test_a_mask_does_not_depend_on_other_learners():
    together, alone = hash_masks(0.3, [4, 9]), hash_masks(0.3, [9])
    assert torch.equal(together[1], alone[0])


def test_dropout_fills_masks_in_the_order_told_and_keeps_the_mean():
    x = torch.ones(2, 3, 4, 5)  # learner, batch, position, width
    dropped = dropout(x, 0.5, HashMasks(torch.tensor([1, 2]), 0.5, torch.float32))
    mask = HashMasks(torch.tensor([1, 2]), 0.5, torch.float32).next(60).view(2, 4, 3, 5)
    assert torch.equal(dropped, 2 * mask.transpose(1, 2))
    assert dropout(x, 0.5, None) is x
    assert dropout(x, 1e-7, HashMasks(torch.tensor([1, 2]), 1e-7, torch.float32)) is x

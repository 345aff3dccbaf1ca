"""The floor: operations and bytes by hand, and operations as torch counts them."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from retrodict import Experiment
from retrodict.bench import Peer, Rates, needed
from retrodict.bench._floor import Needed
from retrodict.errors import BadInput
from retrodict.models import Transformer

TINY = Transformer(n_layer=2, n_head=2, d_model=8, dropout=0.0)


def changed(**settings: object) -> Transformer:
    return TINY.model_copy(update=settings)


def test_two_tokens_by_hand():
    # d² = 64. First layer: k, v 2 rows each, q 1, out 2, MLP 8·2 → 23 products of d × d.
    # Last: k, v 2 each, q 1, out 1, MLP 8 → 14. Attention: one score, one sum: 4 d = 32 a layer.
    layers = 2 * 64 * (23 + 14) + 2 * 32
    head = 2 * 8 * 11
    assert TINY.forward_operations(11, 2, 1) == (layers, head)
    assert TINY.step_operations(11, 2, 1) == 3 * (layers + head)


def test_longer_entities_by_hand():
    # Length 4, the last two positions predict. First layer: k, v 4, q 3, out 4, MLP 32 → 47, and
    # 1 + 2 + 3 scores and sums. Last: k, v 4, q 2, out 2, MLP 16 → 28, and 2 + 3.
    layers = 2 * 64 * (47 + 28) + 4 * 8 * (6 + 5)
    assert TINY.forward_operations(11, 4, 2) == (layers, 2 * 8 * 11 * 2)


def test_a_single_token_needs_neither_queries_nor_keys():
    assert changed(n_layer=1).forward_operations(11, 1, 0)[0] == 2 * 64 * (1 + 1 + 8)


def test_loss_everywhere_needs_the_last_layer_everywhere():
    # Of length 2, both positions predict: the last layer is as the first.
    assert TINY.forward_operations(11, 2, 0) == (2 * 64 * 46 + 64, 2 * 8 * 11 * 2)


def test_of_frozen_things_only_a_tied_head_saves_a_product():
    plain, frozen = TINY, changed(freeze_embeddings=True)
    both = changed(freeze_embeddings=True, tied_head=True)
    assert frozen.step_operations(11, 2, 1) == plain.step_operations(11, 2, 1)
    assert plain.step_operations(11, 2, 1) - both.step_operations(11, 2, 1) == 2 * 8 * 11


def test_at_paper_scale_a_gpu_of_three_terabytes_a_second_needs_23_ms_a_step():
    experiment = Experiment(task={"kind": "reversal"}, training={"device": "cuda:0"})
    assert 0.0226 < 10 * needed(experiment).traffic / 3e12 < 0.0231


@pytest.mark.parametrize("position", ["none", "absolute", "sinusoidal", "rotary"])
@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("frozen", [False, True])
def test_trained_parameters_are_those_of_the_built_model(position, tied, frozen):
    model = changed(position=position, tied_head=tied, freeze_embeddings=frozen)
    built = model.build(11, 2, [0])
    trained = sum(p[0].numel() for p in built.parameters() if p.requires_grad)
    assert model.trained_count(11, 2) == trained


def test_an_epochs_mean_batch_counts():
    experiment = Experiment(
        task={"kind": "reversal", "vocab_size": 800}, model=TINY, training={"batch_size": 64}
    )
    least = needed(experiment)
    assert least.steps == 6
    sentence = TINY.step_operations(802, 2, 1)
    assert least.operations == pytest.approx((5 * 64 + 20) / 6 * sentence)


@pytest.mark.parametrize(
    ("optimizer", "precision", "bytes_each"),
    [
        ({"kind": "adamw"}, "float32", 24),
        ({"kind": "adamw"}, "float64", 48),
        ({"kind": "sgd"}, "float32", 8),
        ({"kind": "sgd", "momentum": 0.9}, "float32", 16),
    ],
)
def test_the_optimiser_reads_and_writes_each_number_once(optimizer, precision, bytes_each):
    experiment = Experiment(
        task={"kind": "reversal", "vocab_size": 24},
        model=TINY,
        optimizer=optimizer,
        training={"precision": precision},
    )
    assert needed(experiment).traffic == bytes_each * TINY.trained_count(26, 2)


def test_the_floor_is_the_sum_of_both_times():
    least, rates = Needed(operations=100.0, traffic=30.0, steps=1), Rates({"float32": 50.0}, 10.0)
    assert least.seconds(rates) == 2.0 + 3.0


def test_other_models_are_refused():
    experiment = Experiment(task={"kind": "pairs"}, model={"kind": "bilinear"})
    with pytest.raises(BadInput, match=r"model\.kind: bilinear"):
        needed(experiment)


def test_torch_counts_as_many_operations_in_a_step_that_does_only_what_is_needed():
    model, vocab, batch = changed(n_layer=3), 11, 5
    parameters = _parameters(model, vocab)
    tokens = torch.randint(vocab, (batch, 2))
    with FlopCounterMode(display=False) as counter:
        _least_loss(model, parameters, tokens, torch.randint(vocab, (batch,))).backward()
    assert counter.get_total_flops() == batch * model.step_operations(vocab, 2, 1)


def test_torch_counts_more_operations_in_the_usual_script():
    experiment = Experiment(
        task={"kind": "reversal", "vocab_size": 24}, model=TINY, training={"device": "cpu"}
    ).placed()
    peer = Peer(experiment)
    with FlopCounterMode(display=False) as counter:
        peer.train()
    assert counter.get_total_flops() > 1.5 * needed(experiment).operations


def _parameters(model: Transformer, vocab: int) -> dict[str, torch.Tensor]:
    d = model.d_model
    shapes = {"embedding": (vocab, d), "head": (d, vocab)}
    for i in range(model.n_layer):
        maps = {"q": (d, d), "k": (d, d), "v": (d, d), "out": (d, d), "up": (d, 4 * d)}
        shapes |= {f"{name}{i}": shape for name, shape in maps.items()}
        shapes |= {f"down{i}": (4 * d, d), f"norm{i}": (d,)}
    return {name: torch.randn(shape, requires_grad=True) for name, shape in shapes.items()}


def _least_loss(
    model: Transformer, w: dict[str, torch.Tensor], tokens: torch.Tensor, targets: torch.Tensor
) -> torch.Tensor:
    """GPT-2 on two tokens, without biases, and without anything that can be left out."""
    d, heads = model.d_model, model.n_head
    x = F.embedding(tokens, w["embedding"])
    for i in range(model.n_layer):
        h = F.layer_norm(x, (d,), w[f"norm{i}"])
        q = (h[:, 1] @ w[f"q{i}"]).view(-1, 1, d // heads)
        k, v = h @ w[f"k{i}"], h @ w[f"v{i}"]
        to_last = (k[:, 1] - k[:, 0]).view(-1, d // heads, 1)
        difference = (v[:, 1] - v[:, 0]).view(-1, 1, d // heads)
        moved = torch.bmm(torch.bmm(q, to_last).sigmoid(), difference).view(-1, d)
        mixed = torch.stack([v[:, 0], v[:, 0] + moved], 1)
        if i == model.n_layer - 1:
            x, mixed = x[:, 1], mixed[:, 1]
        x = x + mixed @ w[f"out{i}"]
        x = x + F.gelu(x @ w[f"up{i}"]) @ w[f"down{i}"]
    return F.cross_entropy(x @ w["head"], targets)

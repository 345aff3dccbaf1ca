"""The usual script: it learns, and is asked what ours is asked."""

from __future__ import annotations

import sys

import pytest
import torch

from retrodict import Experiment
from retrodict.bench import Peer, require_transformers
from retrodict.errors import BadInput
from retrodict.training import Trainer

pytestmark = pytest.mark.seconds

SETTINGS = {
    "task": {"kind": "reversal", "vocab_size": 24},
    "model": {"n_layer": 1, "n_head": 2, "d_model": 16, "dropout": 0.0},
    "optimizer": {"lr": 0.01},
    "training": {"batch_size": 4, "learners": 1, "device": "cpu"},
}


def experiment(**changes: dict[str, object]) -> Experiment:
    parts = {name: {**SETTINGS[name], **changes.get(name, {})} for name in SETTINGS}
    return Experiment(**parts).placed()


def test_its_loss_falls_and_it_memorises():
    peer = Peer(experiment())
    first = peer.train()
    before = peer.evaluate()
    for _ in range(40):
        last = peer.train()
    after = peer.evaluate()
    assert last < 0.1 * first
    assert after["train_forward"][0] < 0.1 * before["train_forward"][0]
    assert after["train_forward"][1] == 1.0


def test_it_has_as_many_parameters_and_steps_as_ours_but_for_the_last_position():
    setting = experiment()
    peer = Peer(setting)
    count = setting.model.parameter_count(26, 3)
    assert sum(p.numel() for p in peer.model.parameters()) == count
    ours = Trainer(setting.placed()).sentences
    assert peer.steps == len(ours.batches(slice(None), 1)) == 3
    assert peer.learners == 1


def test_it_is_asked_what_ours_is_asked():
    setting = experiment(task={"entity_length": 2})
    found = Peer(setting).evaluate()
    groups = setting.task.corpus(0).groups
    assert list(found) == [group.name for group in groups]
    for nll, accuracy in found.values():
        assert nll == pytest.approx(torch.tensor(26.0).log().item(), abs=0.2)
        assert 0 <= accuracy <= 1


def test_it_learns_in_bfloat16_too():
    peer = Peer(experiment(training={"precision": "bfloat16"}))
    first = peer.train()
    for _ in range(20):
        last = peer.train()
    assert last < 0.5 * first
    assert all(p.dtype == torch.float32 for p in peer.model.parameters())


def test_a_tied_head_is_tied():
    peer = Peer(experiment(model={"tied_head": True}))
    assert peer.model.lm_head.weight is peer.model.transformer.wte.weight


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"model": {"position": "rotary", "d_model": 16}}, "absolute"),
        ({"model": {"freeze_embeddings": True}}, "trained"),
        ({"optimizer": {"kind": "sgd"}}, "adamw"),
    ],
)
def test_what_gpt2_is_not_is_refused(changes, word):
    with pytest.raises(BadInput, match=word):
        Peer(experiment(**changes))


def test_without_transformers_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "transformers", None)
    with pytest.raises(BadInput, match=r"pip install 'retrodict\[bench\]'"):
        require_transformers()

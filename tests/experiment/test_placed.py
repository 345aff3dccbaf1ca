"""Experiments on a machine: only those have a name, and nothing of it depends on the way there."""

from __future__ import annotations

import pickle

import pytest

from retrodict import Experiment
from retrodict.errors import BadInput
from retrodict.experiment import Placed


def test_only_a_placed_experiment_has_a_name(tiny):
    for name in ("digest", "name", "goes_by", "execution", "threads", "threads_matter"):
        assert hasattr(Placed, name)
        assert not hasattr(Experiment, name)


def test_a_placed_experiment_says_device_threads_and_the_snapshots_that_happen(tiny):
    placed = tiny.changed({"record.weights_at": [0, 6, 99]}).placed_on("cpu", 3)
    assert (placed.training.device, placed.threads) == ("cpu", 3)
    assert placed.record.weights_at == (0, 6)


def test_a_change_takes_it_off_its_machine_until_it_is_placed_again(tiny):
    placed = tiny.placed_on("cpu", 3)
    longer = placed.changed({"training.epochs": 7})
    assert not isinstance(longer, Placed)
    assert longer.as_written() == tiny.changed({"training.epochs": 7}).placed_on("cpu", 3)
    assert longer.as_written().digest() != placed.digest()


def test_what_a_file_says_is_the_placed_experiment_that_wrote_it(tiny):
    placed = tiny.placed_on("cpu", 1)
    read = Experiment.from_text(placed.to_yaml())
    assert read == placed
    assert hash(read) == hash(placed)
    assert read.as_written().name == placed.name


@pytest.mark.parametrize("epochs", [1, 10_000])
def test_how_its_step_runs_is_decided_once_and_travels(tiny, epochs):
    placed = tiny.changed({"training.epochs": epochs}).placed_on("cuda:0", 1)
    assert placed.execution == ("eager" if epochs == 1 else "compiled")
    assert pickle.loads(pickle.dumps(placed)).name == placed.name
    assert placed.eager().execution == "eager"


CHANGES = {
    "model.tied_head": (True, "true"),
    "training.epochs": (7, "7"),
    "optimizer.betas": ((0.5, 0.75), "[0.5, 0.75]"),
    "training.precision": ("float64", "float64"),
    "training.corpus_seed": (5, "5"),
    "record.weights_at": ([], "[]"),
    "objective": ({"kind": "permuted"}, "{kind: permuted}"),
    "data.identity": ({"share": 0.5}, "{share: 0.5}"),
    "recipe": ("reverse", "reverse"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_setting_is_what_an_override_writes(tiny, name):
    value, text = CHANGES[name]
    assert tiny.changed({name: value}) == tiny.with_overrides(f"{name}={text}") != tiny


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"task.vocab_siz": 3}, "changed: task.vocab_siz: unknown key; did you mean 'vocab_size'"),
        ({"task.vocab_size": "x"}, "changed: task.vocab_size: .*integer, got 'x'"),
        ({"model.n_head": 3}, "changed: model: n_head 3 does not divide d_model 16"),
        ({"task.kind.x": 3}, "kind is not a section"),
        ({"recipe": "revers"}, "recipe: 'revers' is not known; did you mean"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_in_one_line(tiny, changes, says):
    with pytest.raises(BadInput, match=says) as refused:
        tiny.changed(changes)
    assert "\n" not in str(refused.value)


def test_every_learner_has_its_own_corpus_or_all_have_one(tiny):
    own, shared = tiny.corpora(), tiny.changed({"training.corpus_seed": 5}).corpora()
    assert len(own) == len(shared) == 3
    assert (own[0].tokens != own[1].tokens).any()
    for corpus in shared:
        assert (corpus.tokens == tiny.corpus(5).tokens).all()
    assert (tiny.corpus().tokens == own[0].tokens).all()

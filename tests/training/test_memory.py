"""A population that does not fit is trained in parts; a learner that does not, is refused."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from retrodict import BadInput
from retrodict.errors import Interrupted
from retrodict.training import Hooks, train
from retrodict.training._memory import needed_bytes

pytestmark = [pytest.mark.seconds, pytest.mark.bits]


@pytest.fixture
def memory(monkeypatch):
    """Set the free memory to what `learners` need at a time, and the weights of `done` others."""

    def limit(experiment, learners: float, done: int = 0) -> None:
        need = needed_bytes(experiment.placed())
        free = int(need.once + learners * need.each + done * need.result)
        monkeypatch.setattr("retrodict.training._memory._available_bytes", lambda device: free)

    return limit


def same(one, other) -> bool:
    return one.trace.identical(other.trace) and all(
        torch.equal(one.weights[name], other.weights[name]) for name in one.weights
    )


@pytest.mark.parametrize("at_a_time", [1, 2])
def test_learners_that_do_not_fit_at_once_are_trained_in_parts_with_the_same_bits(
    tiny, memory, at_a_time
):
    tiny = tiny.with_overrides("training.learners=5")
    whole = train(tiny.placed())
    memory(tiny, at_a_time, done=5)
    said: list[str] = []
    progress: list[int] = []
    divided = train(tiny.placed(), Hooks(note=said.append, progress=progress.append))
    assert same(divided, whole)
    parts = {1: "1, 1, 1, 1, 1", 2: "1, 2, 2"}[at_a_time]
    assert len(said) == 1
    assert said[0].endswith(f"one after another: {parts}")
    assert progress == sorted(progress)
    assert progress[-1] == tiny.training.epochs


def test_a_batched_population_in_parts_agrees_to_the_rounding_of_its_products(tiny, memory):
    """bfloat16 keeps 8 bits, so logits of size one err by some thousandths; two epochs at lr 0.001
    leave them there."""
    changes = ("training.precision=bfloat16", "training.epochs=2", "optimizer.lr=0.001")
    tiny = tiny.with_overrides(*changes)
    whole = train(tiny.placed())
    memory(tiny, 1, done=3)
    divided = train(tiny.placed())
    np.testing.assert_allclose(divided.trace.nll, whole.trace.nll, atol=0.02)


def test_divided_training_resumes_where_it_was_also_when_more_fits_then(tiny, memory, tmp_path):
    whole = train(tiny.placed())
    path = tmp_path / "checkpoint.safetensors"
    memory(tiny, 1, done=3)
    for stop_after in (1, 8):  # asked that often: in the first part, then in another
        asked = iter(range(stop_after))
        with pytest.raises(Interrupted):
            train(tiny.placed(), Hooks(stop=lambda a=asked: next(a, None) is None, checkpoint=path))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "checkpoint-0-1.safetensors",
        "checkpoint-1-2.safetensors",
    ]
    memory(tiny, 3)
    assert same(train(tiny.placed(), Hooks(checkpoint=path)), whole)


def test_parts_whose_learners_all_diverge_are_kept_as_well(tiny, memory, tmp_path):
    tiny = tiny.with_overrides("optimizer.lr=1e30")
    memory(tiny, 1, done=3)
    train(tiny.placed(), Hooks(checkpoint=tmp_path / "checkpoint.safetensors"))
    assert len(list(tmp_path.iterdir())) == 3


def test_a_learner_that_does_not_fit_is_refused(tiny, memory):
    memory(tiny, 0.9)
    with pytest.raises(BadInput, match=r"one learner of .* needs .* smaller"):
        train(tiny.placed())


def test_weights_that_do_not_fit_are_refused_with_the_number_that_do(tiny, memory):
    memory(tiny, 1, done=2)
    with pytest.raises(BadInput, match=r"training\.learners=2 would fit"):
        train(tiny.placed())


def test_what_fits_is_not_divided(tiny, memory):
    memory(tiny, 3)
    said: list[str] = []
    train(tiny.with_overrides("training.epochs=0").placed(), Hooks(note=said.append))
    assert not said

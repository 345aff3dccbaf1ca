"""The relational model against its formula, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional as F

import retrodict
from retrodict import Experiment
from retrodict.errors import BadInput
from retrodict.models import Relational, relation_slots
from retrodict.theory import predict

M = 23
CONFIGS = {
    "free": Relational(d=7),
    "tied": Relational(d=7, tied=True),
    "frozen": Relational(d=7, freeze_embeddings=True),
    "tied, frozen": Relational(d=7, tied=True, freeze_embeddings=True),
}
EACH = pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS.keys())
RELATION_TOKENS = [0, 1, 2, 3, M - 4, M - 3, M - 2, M - 1]


@EACH
def test_logits_after_an_entity_and_a_relation_are_u_r_v(config):
    population = config.build(M, 2, [4, 9], dtype=torch.float64)
    entities = torch.randint(M, (2, 5))
    for slot, relation in enumerate(RELATION_TOKENS):
        tokens = torch.stack([entities, torch.full_like(entities, relation)], dim=-1)
        logits = population(tokens, 1)
        for s, seed in enumerate((4, 9)):
            u, r, *v = config.weights(M, seed)
            expected = u[entities[s]] @ r[slot] @ (v[0] if v else u).T
            np.testing.assert_allclose(logits[s, :, 0].detach(), expected, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    ("sentence", "position"),
    [([5], 0), ([0], 0), ([5, 0], 0), ([5, 11], 1)],
    ids=["entity alone", "special token alone", "first position", "no relation token"],
)
def test_without_a_relation_the_mean_of_the_matrices_is_used(sentence, position):
    config = CONFIGS["free"]
    population = config.build(M, 2, [4], dtype=torch.float64)
    u, r, v = config.weights(M, 4)
    logits = population(torch.tensor([[sentence]]), 0)[0, 0, position]
    expected = u[sentence[0]] @ r.mean(0) @ v.T
    np.testing.assert_allclose(logits.detach(), expected, rtol=1e-10, atol=1e-14)


@EACH
def test_the_gradient_is_that_of_the_formula(config):
    population = config.build(M, 2, [4], dtype=torch.float64)
    tokens = torch.tensor([[[5, 0], [6, 1], [5, M - 1], [5, 0]]])
    targets = torch.tensor([6, 5, 5, 7])
    population.backward(F.cross_entropy(population(tokens, 1)[0, :, 0], targets))

    parts = [torch.tensor(part, requires_grad=True) for part in config.weights(M, 4)]
    u, r, v = parts if len(parts) == 3 else (*parts, parts[0])
    logits = torch.stack([u[x] @ r[s] @ v.T for x, s in ((5, 0), (6, 1), (5, 7), (5, 0))])
    expected = torch.autograd.grad(F.cross_entropy(logits, targets), parts)
    names = ("token_embedding", "relation", "output")
    for name, wanted in zip(names, expected, strict=False):
        if config.freeze_embeddings and name != "relation":
            assert name not in population.spans
            continue
        found = population.flat_grad[0, population.spans[name]].view(wanted.shape)
        torch.testing.assert_close(found, wanted, rtol=1e-10, atol=1e-14)


def test_the_start_is_normal_with_deviation_sigma():
    for part in Relational(d=60, sigma=0.3).weights(500, 0):
        assert part.std() == pytest.approx(0.3, rel=0.02)  # 28 800 draws and more: sd 0.4 %


def test_tying_changes_neither_u_nor_r():
    free, tied = Relational().weights(M, 3), Relational(tied=True).weights(M, 3)
    for one, other in zip(free[:2], tied, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("m", range(1, 13))
def test_every_relation_token_has_a_matrix_of_its_own(m):
    slots = relation_slots(m)
    given = slots[slots >= 0]
    assert len(set(given)) == len(given) == min(m, 8)
    assert given.max() <= 7


def experiment(**sections) -> Experiment:
    small = {"vocab_size": 20, "kind": "reversal", **sections.pop("task", {})}
    model = {"kind": "relational", "d": 6, **sections.pop("model", {})}
    training = {"epochs": 3, "learners": 2, "device": "cpu", "threads": 1}
    record = {"weights_at": [0, 3]}
    return Experiment(task=small, model=model, training=training, record=record, **sections)


@pytest.mark.parametrize("task", ["reversal", "chain"])
@pytest.mark.parametrize("span", ["last_entity", "whole_sequence"])
def test_it_trains_on_its_tasks_and_its_weights_are_recorded(task, span):
    trace = retrodict.train(
        experiment(task={"kind": task}, objective={"kind": "next_token", "span": span})
    )
    assert np.isfinite(trace.nll.values).all()
    assert trace.nll.isel(epoch=0).mean() == pytest.approx(np.log(22), abs=0.1)  # starts near 0


def test_its_defaults_are_adamw_on_all_sentences():
    found = experiment()
    assert (found.optimizer.kind, found.training.batch_size) == ("adamw", "all")


@pytest.mark.parametrize(
    ("sections", "says"),
    [
        (
            {"task": {"kind": "in_context", "vocab_size": 200}},
            r"task.kind in_context asks otherwise; choose .*chain",
        ),
        ({"task": {"entity_length": 2}}, r"task.entity_length is 2; choose 1"),
        ({"model": {"sigma": 0.0}}, r"greater than 0"),
        ({"model": {"d": 0}}, r"greater than or equal to 1"),
        ({"model": {"n_layer": 1}}, r"Extra inputs"),
    ],
)
def test_what_it_cannot_read_is_refused(sections, says):
    with pytest.raises(ValidationError, match=says):
        experiment(**sections)


def test_theory_refuses_it_and_names_what_it_covers():
    with pytest.raises(BadInput, match=r"relational has no theory; choose from bilinear"):
        predict(experiment())

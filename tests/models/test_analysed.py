"""The bilinear and the one-layer model against their formulas; learners of these and of the
relational model against themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional as F

from retrodict.models import Bilinear, OneLayer, Relational
from retrodict.models._bilinear import BilinearPopulation
from retrodict.models._one_layer import OneLayerPopulation

M = 23
BILINEARS = [
    Bilinear(d=7, sigma=0.3),
    Bilinear(d=7, sigma=0.3, parametrisation="symmetric"),
    Bilinear(d=7, sigma=0.3, parametrisation="factorised", rank=3),
    Bilinear(d=7, sigma=0.3, parametrisation="tied"),
]
ONE_LAYERS = [
    OneLayer(sigma=0.5),
    OneLayer(sigma=0.5, value_output="factorised"),
    OneLayer(sigma=0.5, value_output="factorised", rank=4),
    OneLayer(sigma=0.5, value_output="symmetric"),
]


RELATIONALS = [
    Relational(d=7, tied=tied, freeze_embeddings=frozen)
    for tied in (False, True)
    for frozen in (False, True)
]
ALL = [*BILINEARS, *ONE_LAYERS, *RELATIONALS]


def by_kind(model):
    return getattr(model, "parametrisation", None) or getattr(model, "value_output", model.kind)


def theta(config: Bilinear, seed: int) -> np.ndarray:
    weights = config.weights(seed)
    match config.parametrisation:
        case "full":
            return weights[0]
        case "symmetric":
            return (weights[0] + weights[0].T) / 2
        case "factorised":
            return weights[0] @ weights[1].T
    return weights[0] @ weights[0].T


@pytest.mark.parametrize("config", BILINEARS, ids=by_kind)
def test_bilinear_logits_are_e_theta_e(config):
    population = config.build(M, 1, [4, 9], dtype=torch.float64)
    tokens = torch.randint(M, (2, 5, 1))
    logits = population(tokens)
    for s, seed in enumerate((4, 9)):
        embeddings = config.embeddings(M, seed)
        expected = embeddings @ theta(config, seed) @ embeddings.T
        np.testing.assert_allclose(
            logits[s, :, 0].detach(), expected[tokens[s, :, 0]], rtol=1e-12, atol=1e-13
        )


def test_the_embeddings_have_variance_one_over_d_and_do_not_depend_on_sigma():
    embeddings = Bilinear(d=400).embeddings(500, 0)
    assert np.var(embeddings) * 400 == pytest.approx(1, rel=0.02)  # 2e5 draws: sd 0.003
    other = Bilinear(d=400, sigma=0.7)
    np.testing.assert_array_equal(embeddings, other.embeddings(500, 0))
    assert np.std(other.weights(0)[0]) == pytest.approx(0.7, rel=0.02)


@pytest.mark.parametrize("parametrisation", ["factorised", "tied"])
def test_sigma_is_the_deviation_of_the_product(parametrisation):
    config = Bilinear(d=200, sigma=0.3, parametrisation=parametrisation, rank=50)
    product = theta(config, 0)
    off = product[~np.eye(200, dtype=bool)]
    assert np.std(off) == pytest.approx(0.3, rel=0.05)


def reference_one_layer(y: np.ndarray, z: np.ndarray, sentence: list[int]) -> np.ndarray:
    """Written from the formula in one-hot space."""
    context = sentence[:-1] or sentence
    score = np.array([z[sentence[-1], token] for token in context])
    weight = np.exp(score - score.max())
    weight /= weight.sum()
    c = np.zeros(M)
    for token, share in zip(context, weight, strict=True):
        c[token] += share
    return y.T @ (c / np.linalg.norm(c))


@pytest.mark.parametrize("config", ONE_LAYERS, ids=by_kind)
def test_one_layer_logits_follow_the_formula(config):
    population = config.build(M, 4, [3, 5], dtype=torch.float64)
    assert isinstance(population, OneLayerPopulation)
    with torch.no_grad():
        population.attention.normal_()
    tokens = torch.randint(M, (2, 6, 4))
    tokens[0, 0] = torch.tensor([1, 1, 2, 3])  # a token that stands twice in the context
    logits = population(tokens, 0)
    for s in range(2):
        weights = config.weights(M, (3, 5)[s])
        y = weights[0] if len(weights) == 1 else weights[0] @ weights[1].T
        if config.value_output == "symmetric":
            y = (y + y.T) / 2
        z = population.attention[s].detach().numpy()
        for b in range(6):
            for at in range(4):
                expected = reference_one_layer(y, z, tokens[s, b, : at + 1].tolist())
                np.testing.assert_allclose(
                    logits[s, b, at].detach(), expected, rtol=1e-10, atol=1e-12
                )


@pytest.mark.parametrize("config", ALL, ids=by_kind)
def test_a_learner_in_a_population_is_the_learner_alone_bit_for_bit(config):
    length = 1 if isinstance(config, Bilinear) else 2
    tokens = torch.randint(M, (3, 5, length))
    tokens[:, :, 1:] = torch.tensor([[0], [1], [M - 1], [0], [5]])  # relations
    targets = torch.randint(M, (3, 5))

    def trained(learners: list[int]) -> torch.Tensor:
        population = config.build(M, length, learners)
        for _ in range(3):
            logits = population(tokens[learners], length - 1)[:, :, 0]
            loss = F.cross_entropy(
                logits.flatten(0, 1), targets[learners].flatten(), reduction="sum"
            )
            population.backward(loss)
            population.flat.sub_(0.1 * population.flat_grad)
        return population.flat

    together = trained([0, 1, 2])
    for s in range(3):
        assert torch.equal(together[s], trained([s])[0])


def test_the_parameters_are_counted():
    for config in ALL:
        population = config.build(M, 2, [0])
        assert config.parameter_count(M, 2) == sum(p[0].numel() for p in population.parameters())
    assert isinstance(BILINEARS[0].build(M, 1, [0]), BilinearPopulation)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"parametrisation": "factorised"}, r"needs sigma above 0"),
        ({"parametrisation": "tied"}, r"needs sigma above 0"),
        ({"rank": 3}, r"has no factors, so rank 3"),
        ({"sigma": float("inf")}, r"finite number"),
        ({"sigma": float("nan")}, r"finite number|greater than or equal"),
        ({"sigma": -1.0}, r"greater than or equal to 0"),
        ({"d": 0}, r"greater than or equal to 1"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, says):
    with pytest.raises(ValidationError, match=says):
        Bilinear(**options)

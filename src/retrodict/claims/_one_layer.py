"""Statements about the untrained one-layer transformer: propositions 4.1, 4.2 and lemma 1."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retrodict.claims._check import Check, Effort, Evidence
from retrodict.claims._claim import bounded, largest
from retrodict.claims._one_layer_trained import ROUNDING, ZERO
from retrodict.models import OneLayer

if TYPE_CHECKING:
    import torch

    from retrodict.models import Population

CONTEXT = "the query attends to the tokens before it, normalised to length 1"
Build = Callable[[OneLayer, int, Sequence[int]], "Population"]


def _build(model: OneLayer, vocab_size: int, seeds: Sequence[int]) -> Population:
    import torch

    return model.build(vocab_size, 2, seeds, dtype=torch.float64)


def _probabilities(population: Population, tokens: torch.Tensor) -> np.ndarray:
    import torch

    with torch.no_grad():
        return np.asarray(population(tokens, tokens.shape[2] - 1)[:, :, 0].softmax(-1))


def _randomised(build: Build, vocab_size: int, seeds: Sequence[int]) -> tuple[Any, torch.Tensor]:
    """Return a population with random Y and Z, and all prompts (x1, x2) as tokens."""
    import torch

    population: Any = build(OneLayer(sigma=1.0), vocab_size, seeds)
    generator = torch.Generator().manual_seed(seeds[0])
    with torch.no_grad():
        population.attention.normal_(generator=generator)
    tokens = torch.cartesian_prod(torch.arange(vocab_size), torch.arange(vocab_size))
    return population, tokens.expand(len(seeds), -1, -1)


def check_proposition_41(effort: Effort, build: Build = _build) -> Evidence:
    """Check every probability after every kind of prompt, at the start."""
    import torch

    sizes, off = effort.pick((10, 82, 802), (10, 82)), []
    for m in sizes:
        population = build(OneLayer(), m, [0, 1])
        for length in (1, 2, 4):
            tokens = torch.randint(m, (2, 50, length), generator=torch.Generator().manual_seed(0))
            off.append(np.abs(_probabilities(population, tokens) * m - 1))
    return Evidence(
        [bounded("|M p − 1| over all tokens and prompts, largest", largest(*off), ROUNDING)],
        seeds=(0, 1),
        grid=f"M = {sizes}, prompts of 1, 2 and 4 tokens",
    )


def check_proposition_42(effort: Effort, build: Build = _build) -> Evidence:
    """Compare p(· | x1, x2) with softmax(Y[x1, ·]) for random Y and Z and all pairs of tokens."""
    m, seeds = 20, range(effort.pick(10, 3))
    population, tokens = _randomised(build, m, seeds)
    found = _probabilities(population, tokens)
    y = population.value_output.detach()[:, tokens[0, :, 0]].softmax(-1).numpy()
    spread = np.ptp(found.reshape(len(seeds), m, m, m), axis=2)
    return Evidence(
        [
            bounded("|p − softmax(Y[x1])|, largest", largest(np.abs(found - y)), ROUNDING),
            bounded("spread of p over the second token", largest(spread), 0.0),
        ],
        seeds=seeds,
        grid=f"M = {m}, all {m * m} prompts, Y and Z with N(0, 1) entries",
    )


def check_lemma_1(effort: Effort, build: Build = _build) -> Evidence:
    """Check autograd's gradients of random Y and Z for single sentences (x1, x2, x3)."""
    import torch
    from torch.nn import functional as F

    m, seeds = 12, range(effort.pick(40, 8))
    row, elsewhere, attention = [], [], []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x1, x2, x3 = (int(token) for token in rng.integers(0, m, 3))
        population, _ = _randomised(build, m, [seed])
        logits = population(torch.tensor([[[x1, x2]]]), 1)[0, 0]
        loss = F.cross_entropy(logits, torch.tensor([x3]))
        parameters = [population.value_output, population.attention]
        y, z = (g[0].numpy() for g in torch.autograd.grad(loss, parameters))
        p = population.value_output.detach()[0, x1].softmax(-1).numpy()
        expected = np.eye(m)[x3] - p  # minus the gradient: ΔY = η e_x1 (e_x3 − p)ᵀ
        row.append(np.abs(-y[x1] - expected))
        elsewhere.append(np.abs(np.delete(y, x1, axis=0)))
        attention.append(np.abs(z))
    return Evidence(
        [
            bounded("|ΔY[x1]/η − (e_x3 − p)|, largest", largest(*row), ROUNDING),
            bounded("gradient of any other row of Y, largest", largest(*elsewhere), 0.0),
            bounded("gradient of Z, largest", largest(*attention), 0.0),
        ],
        seeds=seeds,
        grid=f"M = {m}, one random sentence a seed, Y and Z with N(0, 1) entries",
    )


CHECKS = (
    Check(
        name="proposition-4.1",
        title="Initial probability under zero initialisation",
        words="Before training, every next token has probability 1/M.",
        formula=r"p(x_3\mid x_1,x_2)=1/M",
        grade="S",
        grading="S (heading)",
        check=check_proposition_41,
        assumptions=(ZERO,),
    ),
    Check(
        name="proposition-4.2",
        title="Next token probability",
        words="The prediction depends on the first token alone: the relation token is ignored, "
        "so the model cannot tell A → from A ⇝.",
        formula=r"p(\cdot\mid x_1,x_2)=\mathrm{softmax}(Y_{x_1,\cdot})",
        grade="R",
        grading="S for the heading, R for the content",
        check=check_proposition_42,
        assumptions=(CONTEXT,),
    ),
    Check(
        name="lemma-1",
        title="Gradient of Y and Z for the one-layer transformer",
        words="A sentence moves only its first token's row of Y, towards its answer; attention "
        "gets no gradient.",
        formula=r"\Delta Y=\eta_Y\,e_{x_1}(e_{x_3}-p)^\top,\quad \Delta Z=0",
        grade="S",
        grading="S: it is Lemma 1 of Tian et al. 2023; R for its form here",
        check=check_lemma_1,
        assumptions=(CONTEXT,),
    ),
)

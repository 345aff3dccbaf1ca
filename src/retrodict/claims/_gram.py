"""Our statements about the bilinear model: Gram exactness, d → ∞, and a symmetric Θ."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from retrodict.claims._check import Check, Effort, Evidence
from retrodict.claims._claim import bounded, largest
from retrodict.claims._separations import SETUP, draw_many, power
from retrodict.models import FACTORS
from retrodict.tasks import Pairs
from retrodict.theory import GramFlow, ParameterFlow, row_nll


def check_gram_exactness(
    effort: Effort, parametrisation: str, reduce: Callable[..., GramFlow] | None = None
) -> Evidence:
    """Compare SGD in Gram coordinates with SGD in parameter space, on random systems.

    The systems have duplicate and conflicting sentences, Θ₀ ≠ 0, minibatches, momentum, weight
    decay.
    """
    reduce = reduce or GramFlow.from_embeddings
    systems, worst = range(effort.pick(40, 8)), 0.0
    for seed in effort.each(systems):
        rng = np.random.default_rng(seed)
        m, d, rank = int(rng.integers(6, 24)), int(rng.integers(2, 16)), int(rng.integers(1, 6))
        inputs, targets = rng.integers(0, m, (2, 14))
        embeddings = rng.standard_normal((m, d)) / math.sqrt(d)
        shapes = [(d, rank)] * FACTORS[parametrisation] or [(d, d)]
        weights = [0.5 * rng.standard_normal(shape) for shape in shapes]
        arguments = (embeddings, inputs, targets, weights, parametrisation, 0.01)
        batches = [rng.integers(0, 14, 3) for _ in range(60)]
        brute, gram = ParameterFlow(*arguments), reduce(*arguments)
        tokens = np.arange(m)
        paths = zip(brute.descend(0.2, batches, 0.5), gram.descend(0.2, batches, 0.5), strict=True)
        for (_, a), (_, b) in paths:
            expected = brute.logits(a, tokens)
            error = np.abs(gram.logits(b, tokens) - expected).max() / (1 + np.abs(expected).max())
            worst = largest(worst, error)
    return Evidence(
        [bounded("largest relative difference of the logits over 60 steps", worst, 1e-11)],
        seeds=systems,
        grid="m 6 to 23, d 2 to 15, rank 1 to 5, 14 sentences, batch 3, momentum 0.5, decay 0.01",
    )


def check_infinite_width(effort: Effort, nll: Callable[..., Any] = row_nll) -> Evidence:
    """Measure the distance of the flow at dimension d from the closed form, against d."""
    n, m, draws = 20, 100, effort.pick(20, 6)
    dimensions = effort.pick((10**3, 10**4, 10**5, 10**6, 10**7), (10**3, 10**5, 10**7))
    corpus = Pairs(n=n, m=m).corpus(0)
    times, sentences = np.logspace(0, 5, 40), len(corpus.tokens)
    limit = np.asarray(nll(times / sentences, m))
    squares: dict[int, list[float]] = {d: [] for d in dimensions}
    for d, seed in effort.each(list(itertools.product(dimensions, range(draws)))):
        flow = GramFlow.draw(d, m, *corpus.tokens[:, :2].T, seed=seed)
        losses = [flow.loss_of(z) for _, z in flow.follow(times, rtol=1e-8, atol=1e-10)]
        squares[d].append(np.abs(np.array(losses) - limit).max() ** 2)
    rms = [math.sqrt(np.mean(squares[d])) for d in dimensions]
    slope = power(dimensions, rms)
    return Evidence(
        [
            bounded(f"rms over draws of max|L − limit| at d = {dimensions[-1]:.0e}", rms[-1], 0.01),
            bounded("slope of its logarithm against ln d", slope, -0.4, least=-0.65),
        ],
        seeds=range(draws),
        grid=f"n = {n}, m = {m}, d = {dimensions}, t from 1 to 1e5",
        notes=[f"d = {d:.0e}: {r:.2g}" for d, r in zip(dimensions, rms, strict=True)],
    )


def check_symmetric_reverse(effort: Effort, parametrisation: str = "symmetric") -> Evidence:
    """Check that under Θ = Θᵀ the reverse loss goes to zero with the training loss."""
    draws = effort.pick(50, 10)
    paths = draw_many(effort, [1000], draws, parametrisation=parametrisation)[1000]
    parts = [
        bounded("largest L_rev at t = 1e8", largest(*(p.reverse[-1] for p in paths)), 1e-3),
        bounded("least ε*", -largest(*(-p.epsilon for p in paths)), least=0.9),
    ]
    return Evidence(parts, seeds=range(draws), grid="n = 20, m = 100, d = 1000, σ = 0")


_FORMULAS = {
    "full": r"Z=L_0+G_{:,in}\,C\,G,\quad\dot C=D",
    "symmetric": r"Z=L_0+\frac{1}{2}(G_{:,in}\,C\,G+G\,C^\top G_{in,:}),\quad\dot C=D",
    "factorised": r"Z=PQ^\top,\ P=P_0+G_{:,in}A,\ Q=Q_0+GB,\ \dot A=DQ,\ \dot B=D^\top P_{in}",
    "tied": r"Z=PP^\top,\ P=P_0+GA,\ \dot A=D^\top P_{in}+I_{:,in}DP",
}

CHECKS = (
    *(
        Check(
            name=f"gram-exactness-{kind}",
            title=f"Gram coordinates are exact ({kind})",
            words="The logits of a bilinear model trained on embeddings in d dimensions follow "
            "from their Gram matrix alone, step by step.",
            formula=formula,
            grade="O",
            check=functools.partial(check_gram_exactness, parametrisation=kind),
            assumptions=("the optimiser is (stochastic) gradient descent, with momentum or not",),
            testable="Rounding only: 60 steps of float64, differences relative to 1 + the largest "
            "logit.",
        )
        for kind, formula in _FORMULAS.items()
    ),
    Check(
        name="infinite-width",
        title="The limit d → ∞",
        words="As d grows, embeddings become orthonormal and the training loss tends to the "
        "closed form of independent rows.",
        formula=r"\max_t|L_d(t)-\mathrm{NLL}(t/N)|=O(d^{-1/2})",
        grade="O",
        check=check_infinite_width,
        assumptions=("σ = 0", "parametrisation full"),
        testable="The slope of ln rms against ln d over four decades, between −0.65 and −0.4: "
        "−1/2 from the Gram matrix's off-diagonal entries, steeper where their squares (1/d) still "
        "matter.",
    ),
    Check(
        name="symmetric-learns-reverse",
        title="A symmetric Θ has no curse",
        words="If Θ is kept symmetric, the held-out direction is learned with the trained ones: "
        "the curse is a matter of the optimisation space.",
        formula=r"\Theta=\Theta^\top:\quad L_{rev}(\Theta_t)\to0",
        grade="O",
        grading="O; that the optimisation space is a cause is S (abstract)",
        check=check_symmetric_reverse,
        assumptions=(SETUP,),
    ),
)

"""Optimisation space [O]: the reverse direction under four parametrisations of Θ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.plots import plot_paths
from retrodict.progress import Tick
from retrodict.tasks import Pairs
from retrodict.theory import GramFlow, nll

N, M, D, RANK, SIGMA = 20, 100, 1000, 50, 0.01
TIMES = np.logspace(0, 4, 80)
DRAWS: dict[Scale, int] = {"smoke": 2, "laptop": 10, "paper": 100}
MODELS = {
    "full": "Θ (full)",
    "symmetric": "Θ = Θᵀ (symmetric)",
    "factorised": "Θ = U Vᵀ (factorised)",
    "tied": "Θ = W Wᵀ (tied)",
}
"""Parametrisation → its panel's title."""


def compute(scale: Scale, tick: Tick) -> dict[str, Float[np.ndarray, "2 draw time"]]:
    """Integrate the flow of every model for every draw of embeddings.

    Returns:
        Model → training loss and reverse loss over `TIMES`, in nats.
    """
    corpus = Pairs(n=N, m=M).corpus(0)
    draws, total = DRAWS[scale], len(MODELS) * DRAWS[scale]
    found = {}
    for i, name in enumerate(MODELS):
        found[name] = losses = np.zeros((2, draws, len(TIMES)))
        model: Any = {"parametrisation": name}
        if name in ("factorised", "tied"):
            model |= {"sigma": SIGMA, "rank": RANK}
        for seed in range(draws):
            flow = GramFlow.draw(D, M, *corpus.tokens[:, :2].T, seed=seed, **model)
            tokens = np.append(flow.rows, N)  # y_0, whose answer x_0 is held out
            for k, (_, logits) in enumerate(flow.follow(TIMES, tokens, rtol=1e-5)):
                losses[:, seed, k] = flow.loss_of(logits[:-1]), nll(logits[-1])[0]
            tick((i * draws + seed + 1) / total)
    return found


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that symmetric learns the reverse, full and factorised do not, and tied cannot."""
    end = {name: reverse[:, -1] for name, (_, reverse) in inputs.theory.items()}
    at_guess, floor = math.log(M / 2), (2 * N - 2) / (2 * N - 1) * math.log(2)
    cannot = (
        "tied: training loss cannot fall below (2n−2)/(2n−1) ln 2, since W Wᵀ is positive "
        "semidefinite"
    )
    caption.at_least("full", "full: L_rev stays", end["full"], at_guess)
    caption.at_least("factorised", "factorised: L_rev stays", end["factorised"], at_guess)
    caption.at_most("symmetric", "symmetric: the reverse is learned", end["symmetric"], 0.1)
    caption.at_least("tied", "tied: L_rev rises above a uniform guess", end["tied"], math.log(M))
    training, _ = inputs.theory["tied"]
    caption.at_least("tied-training", cannot, training[:, -1], floor * (1 - 1e-9))


THEORY_PARAMETRISATIONS = PaperFigure(
    name="theory-parametrisations",
    title="bilinear: the reverse loss under full, symmetric, factorised and tied Θ",
    grade="O",
    paper="Ours: which parametrisation of the bilinear model has the curse?",
    theory=compute,
    draw=lambda inputs: plot_paths(
        TIMES,
        {title: inputs.theory[name] for name, title in MODELS.items()},
        math.log(M),
        "The same facts, the same embeddings: the optimisation space decides about the reverse",
    ),
    check=check,
    note=lambda scale: (
        f"n = {N}, m = {M}, d = {D}, {DRAWS[scale]} draws; factors: rank {RANK}, σ = {SIGMA}"
    ),
)

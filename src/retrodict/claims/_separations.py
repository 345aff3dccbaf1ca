"""Draws of the paper's set-up for the bilinear model, with the losses along their flow."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest, linregress

from retrodict.claims._check import Effort
from retrodict.claims._claim import Claim, bounded
from retrodict.tasks import Pairs
from retrodict.theory import GramFlow, Separation, separate

UNTIL = 1e8
LARGE = "d ≥ poly(n, m, 1/ε, log(1/δ)): d is taken large and its dependence shown"
SMALL_SIGMA = "σ small: 0 or 0.1"
SETUP = "all pairs are trained forward, all but one backward"
_SYSTEM: dict[str, Any] = {"n": 20, "m": 100, "sigma": 0.0, "parametrisation": "full"}


@functools.lru_cache(maxsize=8192)
def draw_separation(
    d: int, seed: int, n: int, m: int, sigma: float, parametrisation: str
) -> Separation:
    """Integrate the paper's set-up (all pairs forward, all but the first backward) for one draw."""
    corpus = Pairs(n=n, m=m).corpus(0)
    flow = GramFlow.draw(
        d, m, *corpus.tokens[:, :2].T, sigma=sigma, parametrisation=parametrisation, seed=seed
    )
    asked = corpus.group("validation").tokens[0]
    return separate(flow, (int(asked[0]), int(asked[1])), UNTIL)


def draw_many(
    effort: Effort, dimensions: Sequence[int], draws: int, **system: Any
) -> dict[int, list[Separation]]:
    """Integrate the draws of seeds 0 … draws − 1 in each dimension.

    Args:
        effort: its `tick` is called with the share that is done.
        dimensions, draws: the values of d, and the number of seeds.
        system: n, m, sigma or parametrisation, if they differ from `_SYSTEM`.
    """
    system = _SYSTEM | system  # complete and ordered, for the cache
    found: dict[int, list[Separation]] = {d: [] for d in dimensions}
    for d, seed in effort.each(list(itertools.product(dimensions, range(draws)))):
        found[d].append(draw_separation(d, seed, **system))
    return found


def power(dimensions: Sequence[int], values: Sequence[float]) -> float:
    """Fit the slope of ln values against ln d."""
    return float(linregress(np.log(dimensions), np.log(values)).slope)


def share_at_least(what: str, hits: int, draws: int, share: float) -> Claim:
    """Claim that the probability behind `hits` of `draws` is at least `share`.

    The measured value is the lower end of the exact (Clopper-Pearson) 95 % interval.
    """
    low = binomtest(hits, draws).proportion_ci(0.95).low
    said = f"{what}: {hits} of {draws} draws; lower 95 % bound of the share"
    return bounded(said, low, least=share)

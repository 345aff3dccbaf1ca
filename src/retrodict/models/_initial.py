"""Initial values of the analysed models."""

from __future__ import annotations

import math
from typing import Annotated

import numpy as np
from pydantic import Field

Sigma = Annotated[float, Field(ge=0, allow_inf_nan=False)]
"""Standard deviation of initial weights."""

FACTORS = {"full": 0, "symmetric": 0, "factorised": 2, "tied": 1}
"""Parametrisation → number of factors whose product is Θ; 0 where Θ itself is trained."""


def factor_std(sigma: float, rank: int) -> float:
    """Return the deviation of two factors' entries that gives their product's entries sigma."""
    return math.sqrt(sigma / math.sqrt(rank))


def gaussian(rng: np.random.Generator, shape: tuple[int, ...], std: float) -> np.ndarray:
    """Draw N(0, std²) entries; training reports those that are too large for a float."""
    with np.errstate(over="ignore"):
        return std * rng.standard_normal(shape) if std else np.zeros(shape)


def require_movable(option: str, factors: int, sigma: float, rank: int | None) -> None:
    """Refuse factors that start at zero, and a rank without factors.

    Raises:
        ValueError: in either case.
    """
    if factors and not sigma:
        raise ValueError(
            f"{option} needs sigma above 0, since factors that start at zero never move; "
            "e.g. sigma: 0.01"
        )
    if rank is not None and not factors:
        raise ValueError(f"{option} has no factors, so rank {rank} means nothing; leave out")

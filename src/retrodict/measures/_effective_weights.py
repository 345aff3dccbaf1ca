"""Measures of effective-weight matrices, in which column i is the right answer to row i."""

from __future__ import annotations

import numpy as np
import xarray as xr
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.measures._intervals import Interval, over_learners


@own_settings()
def diagonal_z(matrix: Float[np.ndarray, "*rest n n"]) -> Float[np.ndarray, "*rest"]:
    """How far the diagonal stands out: (mean diagonal − mean off-diagonal) / sd off-diagonal.

    At 0 the matrix shows no knowledge of the pairs. Without off-diagonal entries, or if all of them
    are equal, the result is NaN.
    """
    diagonal, off = _parts(matrix)
    spread = off.std(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (diagonal - off.mean(axis=-1)) / spread
    return np.where(spread > 0, z, np.nan)


@own_settings()
def strength(matrix: Float[np.ndarray, "*rest n n"]) -> Float[np.ndarray, "*rest"]:
    """How strongly a matrix associates each row with its own column.

    Mean diagonal minus mean off-diagonal, in nats of logit; NaN without off-diagonal entries.

    >>> strength(np.array([[3.0, 1.0], [1.0, 3.0]])).item()
    2.0
    """
    diagonal, off = _parts(matrix)
    return np.asarray(diagonal - off.mean(axis=-1))


def z_of_snapshots(matrices: xr.DataArray) -> list[Interval]:
    """Return `diagonal_z` over learners, for each snapshot of (learner, snapshot, source, target).

    >>> matrices = np.array([[[[0.0, 1.0], [2.0, 0.0]], [[3.0, 0.0], [1.0, 3.0]]]])
    >>> [z.mean for z in z_of_snapshots(xr.DataArray(matrices))]
    [-3.0, 5.0]
    """
    return [over_learners(z) for z in diagonal_z(matrices.values).T]


def _parts(
    matrix: Float[np.ndarray, "*rest n n"],
) -> tuple[Float[np.ndarray, "*rest"], Float[np.ndarray, "*rest entry"]]:
    """Return the mean of the diagonal, and all entries off it; NaN if there are none."""
    n = matrix.shape[-1]
    if n < 2:
        missing = np.full((*matrix.shape[:-2], 1), np.nan)
        return missing[..., 0], missing
    matrix = matrix.astype(float)
    off = matrix[..., ~np.eye(n, dtype=bool)]
    return np.asarray(np.diagonal(matrix, axis1=-2, axis2=-1).mean(axis=-1)), off

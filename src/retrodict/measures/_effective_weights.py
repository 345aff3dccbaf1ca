"""Numbers read off effective-weight matrices."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retrodict.host import own_settings


@own_settings()
def diagonal_z(matrix: Float[np.ndarray, "*rest n n"]) -> Float[np.ndarray, "*rest"]:
    """How far the diagonal stands out: (mean diagonal − mean off-diagonal) / sd off-diagonal.

    Row i's right answer is column i, so 0 means that the matrix knows no pair. Without off-diagonal
    entries, or with all of them equal, the result is NaN.

    Args:
        matrix: effective weights, the last two axes (source, target).
    """
    n = matrix.shape[-1]
    if n < 2:
        return np.full(matrix.shape[:-2], np.nan)
    matrix = matrix.astype(float)
    off = matrix[..., ~np.eye(n, dtype=bool)]
    diagonal = np.diagonal(matrix, axis1=-2, axis2=-1)
    spread = off.std(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        z = (diagonal.mean(axis=-1) - off.mean(axis=-1)) / spread
    return np.where(spread > 0, z, np.nan)

"""Assumptions that statements about the one-layer model share."""

from __future__ import annotations

import numpy as np

ROUNDING = 1e-12  # relative, of a float64 softmax over a few hundred tokens
ZERO = "Y and Z start at zero"
CONTEXT = "the query attends to the tokens before it, normalised to length 1"
RATES = "batch-1 SGD, η_Y ≫ η_Z (Z's gradient is exactly 0, so its rate does not matter)"
ONE_TARGET = "every row has one target"
SGD_TIMES = np.logspace(0, 12, 97)

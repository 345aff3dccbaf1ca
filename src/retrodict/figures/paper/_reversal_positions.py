"""One of the figures 6 to 18 [N]: reversal, position encodings."""

from __future__ import annotations

from retrodict.figures.paper._axes import POSITIONS
from retrodict.figures.paper._sweeps import sweep

REVERSAL_POSITIONS = sweep(
    "reversal-positions",
    task="reversal",
    axis=POSITIONS,
    headline="Whatever the position encoding: the unseen direction stays unknown",
    paper="The reversal curse appears without positions, with absolute and with relative ones.",
    grade="N",
)

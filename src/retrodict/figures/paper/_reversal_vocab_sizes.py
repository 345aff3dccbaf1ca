"""Figure 5 [S]: the reversal curse at four vocabulary sizes."""

from __future__ import annotations

from retrodict.figures.paper._axes import VOCAB_SIZES
from retrodict.figures.paper._sweeps import sweep

REVERSAL_VOCAB_SIZES = sweep(
    "reversal-vocab-sizes",
    task="reversal",
    axis=VOCAB_SIZES,
    headline="Few facts or many: the unseen direction stays unknown",
    paper="The reversal curse for V = 20, 50, 200, 2000, with 9, 20, 85, 850 training sentences "
    "and 1, 4, 15, 150 validation sentences.",
    grade="S",
)

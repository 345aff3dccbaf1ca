"""One of the figures 6 to 18 [N]: reversal, number of heads."""

from __future__ import annotations

from retrodict.figures.paper._axes import HEADS
from retrodict.figures.paper._sweeps import sweep

REVERSAL_HEADS = sweep(
    "reversal-heads",
    task="reversal",
    axis=HEADS,
    headline="Few heads or many: the unseen direction stays unknown",
    paper="The reversal curse appears whatever the number of heads.",
    grade="R",
)

"""One of the figures 6 to 18 [N]: chain, number of heads."""

from __future__ import annotations

from retrodict.figures.paper._axes import HEADS
from retrodict.figures.paper._sweeps import sweep

CHAIN_HEADS = sweep(
    "chain-heads",
    task="chain",
    axis=HEADS,
    headline="Few heads or many: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears whatever the number of heads.",
    grade="R",
)

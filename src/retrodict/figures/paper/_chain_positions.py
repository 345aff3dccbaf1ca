"""One of the figures 6 to 18 [N]: chain, position encodings."""

from __future__ import annotations

from retrodict.figures.paper._axes import POSITIONS
from retrodict.figures.paper._sweeps import sweep

CHAIN_POSITIONS = sweep(
    "chain-positions",
    task="chain",
    axis=POSITIONS,
    headline="Whatever the position encoding: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears without positions, with absolute and with "
    "relative ones.",
    grade="N",
)

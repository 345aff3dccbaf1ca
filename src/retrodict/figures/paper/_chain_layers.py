"""One of the figures 6 to 18 [N]: chain, number of layers."""

from __future__ import annotations

from retrodict.figures.paper._axes import LAYERS
from retrodict.figures.paper._sweeps import sweep

CHAIN_LAYERS = sweep(
    "chain-layers",
    task="chain",
    axis=LAYERS,
    headline="Shallow or deep: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears whatever the number of layers.",
    grade="N",
)

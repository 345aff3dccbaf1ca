"""One of the figures 6 to 18 [N]: reversal, number of layers."""

from __future__ import annotations

from retrodict.figures.paper._axes import LAYERS
from retrodict.figures.paper._sweeps import sweep

REVERSAL_LAYERS = sweep(
    "reversal-layers",
    task="reversal",
    axis=LAYERS,
    headline="Shallow or deep: the unseen direction stays unknown",
    paper="The reversal curse appears whatever the number of layers.",
    grade="N",
)

"""One of the figures 6 to 18 [N]: reversal, frozen embeddings."""

from __future__ import annotations

from retrodict.figures.paper._axes import EMBEDDINGS
from retrodict.figures.paper._sweeps import sweep

REVERSAL_FROZEN_EMBEDDINGS = sweep(
    "reversal-frozen-embeddings",
    task="reversal",
    axis=EMBEDDINGS,
    headline="Trained or frozen embeddings: the unseen direction stays unknown",
    paper="The reversal curse appears also where the embeddings stay as initialised.",
    grade="N",
)

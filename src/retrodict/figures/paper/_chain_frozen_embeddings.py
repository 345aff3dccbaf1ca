"""One of the figures 6 to 18 [N]: chain, frozen embeddings."""

from __future__ import annotations

from retrodict.figures.paper._axes import EMBEDDINGS
from retrodict.figures.paper._sweeps import sweep

CHAIN_FROZEN_EMBEDDINGS = sweep(
    "chain-frozen-embeddings",
    task="chain",
    axis=EMBEDDINGS,
    headline="Trained or frozen embeddings: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears also where the embeddings stay as initialised.",
    grade="N",
)

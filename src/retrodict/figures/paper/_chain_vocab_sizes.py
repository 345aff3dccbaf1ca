"""One of the figures 6 to 18 [N]: chain, vocabulary sizes."""

from __future__ import annotations

from retrodict.figures.paper._axes import VOCAB_SIZES
from retrodict.figures.paper._sweeps import sweep

CHAIN_VOCAB_SIZES = sweep(
    "chain-vocab-sizes",
    task="chain",
    axis=VOCAB_SIZES,
    headline="Few facts or many: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears for every vocabulary size.",
    grade="N",
)

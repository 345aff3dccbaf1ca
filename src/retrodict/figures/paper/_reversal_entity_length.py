"""One of the figures 6 to 18 [N]: reversal, entity lengths."""

from __future__ import annotations

from retrodict.figures.paper._axes import ENTITY_LENGTHS
from retrodict.figures.paper._sweeps import sweep

REVERSAL_ENTITY_LENGTH = sweep(
    "reversal-entity-length",
    task="reversal",
    axis=ENTITY_LENGTHS,
    headline="Entities of several tokens: the unseen direction stays unknown",
    paper="The reversal curse appears also where an entity is a word of several tokens.",
    grade="N",
)

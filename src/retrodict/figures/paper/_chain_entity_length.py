"""One of the figures 6 to 18 [N]: chain, entity lengths."""

from __future__ import annotations

from retrodict.figures.paper._axes import ENTITY_LENGTHS
from retrodict.figures.paper._sweeps import sweep

CHAIN_ENTITY_LENGTH = sweep(
    "chain-entity-length",
    task="chain",
    axis=ENTITY_LENGTHS,
    headline="Entities of several tokens: A ⇝ C does not follow",
    paper="The failure to conclude A ⇝ C appears also where an entity is a word of several tokens.",
    grade="N",
)

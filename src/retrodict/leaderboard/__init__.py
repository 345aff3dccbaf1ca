"""The leaderboard: the same facts, the same budget, every recipe, with its controls."""

from retrodict.leaderboard._board import (
    FILE,
    HEAD,
    RULE,
    SORTS,
    Board,
    brief,
    compare,
    held_out_in_words,
    kept,
    read,
    texts,
    write,
)
from retrodict.leaderboard._cells import COLUMNS, Cell, Column, Scale, cells
from retrodict.leaderboard._row import WAYS, At, Row, facts

__all__ = [
    "COLUMNS",
    "FILE",
    "HEAD",
    "RULE",
    "SORTS",
    "WAYS",
    "At",
    "Board",
    "Cell",
    "Column",
    "Row",
    "Scale",
    "brief",
    "cells",
    "compare",
    "facts",
    "held_out_in_words",
    "kept",
    "read",
    "texts",
    "write",
]

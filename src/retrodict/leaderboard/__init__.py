"""The leaderboard: every recipe and its controls on the same facts with the same budget."""

from retrodict.leaderboard._board import (
    HEAD,
    RULE,
    SORTS,
    Board,
    compare,
    held_out_in_words,
    kept,
    legend,
    read,
    texts,
    write,
)
from retrodict.leaderboard._cells import COLUMNS, Cell, Column, Scale, cells
from retrodict.leaderboard._row import Row

__all__ = [
    "COLUMNS",
    "HEAD",
    "RULE",
    "SORTS",
    "Board",
    "Cell",
    "Column",
    "Row",
    "Scale",
    "cells",
    "compare",
    "held_out_in_words",
    "kept",
    "legend",
    "read",
    "texts",
    "write",
]

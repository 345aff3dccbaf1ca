"""The benchmark: the usual script of the field, ours, and the least the machine would need.

measure_steps, …_scaling, …_pieces, …_theory, …_figure1: (plan, tick) -> rows
needed(experiment), measure_rates(device): the floor
"""

from retrodict.bench._figure1 import measure_figure1
from retrodict.bench._floor import Needed, needed
from retrodict.bench._machine import Machine, Rates, measure_rates
from retrodict.bench._peer import Peer, require_transformers
from retrodict.bench._pieces import measure_pieces
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row
from retrodict.bench._scaling import measure_scaling
from retrodict.bench._section import Section
from retrodict.bench._sections import SECTIONS
from retrodict.bench._step import choose_configs, measure_steps
from retrodict.bench._tables import (
    KEY_COLUMNS,
    as_markdown,
    draw,
    headline,
    tables,
)
from retrodict.bench._theory import measure_theory

__all__ = [
    "KEY_COLUMNS",
    "SECTIONS",
    "Machine",
    "Needed",
    "Peer",
    "Plan",
    "Rates",
    "Row",
    "Section",
    "as_markdown",
    "choose_configs",
    "draw",
    "headline",
    "measure_figure1",
    "measure_pieces",
    "measure_rates",
    "measure_scaling",
    "measure_steps",
    "measure_theory",
    "needed",
    "require_transformers",
    "tables",
]

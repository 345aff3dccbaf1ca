"""The benchmark: the field's usual script, our step, and the least time the machine needs.

SECTIONS: what is measured, each (plan, tick) -> rows
needed(experiment), measure_rates(device): the floor
"""

from retrodict.bench._floor import Needed, needed
from retrodict.bench._machine import Machine, Rates, measure_rates
from retrodict.bench._peer import Peer, require_transformers
from retrodict.bench._row import Row
from retrodict.bench._section import Plan, Section
from retrodict.bench._tables import KEY_COLUMNS, as_markdown, draw, headline, tables
from retrodict.bench.sections import SECTIONS
from retrodict.bench.sections._step import choose_configs

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
    "measure_rates",
    "needed",
    "require_transformers",
    "tables",
]

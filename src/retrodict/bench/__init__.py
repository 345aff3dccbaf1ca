"""The benchmark: the usual script of the field, ours, and the least the machine would need.

measure_steps, …_scaling, …_pieces, …_theory, …_figure1: (plan, tick) -> rows
needed(experiment), measure_rates(device): the floor
"""

from collections.abc import Callable

from retrodict.bench._contest import Tick
from retrodict.bench._figure1 import measure_figure1
from retrodict.bench._floor import Needed, needed
from retrodict.bench._machine import Machine, Rates, measure_rates
from retrodict.bench._peer import Peer, require_transformers
from retrodict.bench._pieces import measure_pieces
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row
from retrodict.bench._scaling import measure_scaling
from retrodict.bench._step import choose_configs, measure_steps
from retrodict.bench._tables import (
    KEY_COLUMNS,
    LEGEND,
    TITLES,
    as_markdown,
    cells,
    draw,
    headline,
    tables,
)
from retrodict.bench._theory import measure_theory

SECTIONS: dict[str, Callable[[Plan, Tick], list[Row]]] = {
    "step": measure_steps,
    "scaling": measure_scaling,
    "pieces": measure_pieces,
    "theory": measure_theory,
    "figure1": measure_figure1,
}
"""Section → what measures it. A new one is one file and a line here."""

USUAL_SECONDS = {"step": 600, "scaling": 120, "pieces": 10, "theory": 60, "figure1": 150}
"""About how long each takes on two cores; only for saying how far the benchmark is."""

__all__ = [
    "KEY_COLUMNS",
    "LEGEND",
    "SECTIONS",
    "TITLES",
    "USUAL_SECONDS",
    "Machine",
    "Needed",
    "Peer",
    "Plan",
    "Rates",
    "Row",
    "as_markdown",
    "cells",
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

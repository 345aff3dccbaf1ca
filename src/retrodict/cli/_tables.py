"""Tables that several commands print, and the format of their numbers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from rich import box
from rich.table import Column, Table

from retrodict.cli._console import Console

NUMBERS = ("training\nNLL", "validation\nNLL", "\naccuracy", "beats\nwrong")
"""Columns of `final_numbers`."""
READING = "NLL in nats of the answer's first token, mean ± 95 % interval over learners"
_ASKED = (("nll", ".3f"), ("accuracy", ".2f"), ("preference", ".2f"))


def ruled_table(*columns: Column, title: str | None = None) -> Table:
    """Return a table without rows, with a line under its head."""
    padding = (0, 1, 0, 0)
    return Table(*columns, title=title, box=box.SIMPLE_HEAD, show_edge=False, padding=padding)


def bare_table(*columns: Column, title: str | None = None) -> Table:
    """Return a table without rows and without lines."""
    return Table(*columns, title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))


def words(*names: str) -> list[Column]:
    """Return columns of words that stay in one line."""
    return [Column(name, no_wrap=True) for name in names]


def folded(*names: str) -> list[Column]:
    """Return columns of words that are folded where there is no room for them."""
    return [Column(name, overflow="fold") for name in names]


def numbers(*names: str) -> list[Column]:
    """Return columns of numbers, which stay in one line."""
    return [Column(name, justify="right", no_wrap=True) for name in names]


def fitting(console: Console, tables: Iterable[Table]) -> Table:
    """Return the first table that needs no more than the console's width, else the last."""
    for table in tables:
        if console.full_width(table) <= console.width:
            break
    return table


def marked(verdict: str, otherwise: str = "yellow") -> str:
    """Return a verdict as markup in its colour."""
    colour = {"holds": "green", "fails": "bold red"}.get(verdict, otherwise)
    return f"[{colour}]{verdict}[/{colour}]"


def final_numbers(facts: Mapping[str, Any]) -> list[str]:
    """Write how a run ended: training NLL, validation NLL, validation accuracy, beats wrong.

    A number that does not exist is left blank: those of `validation` if nothing was held out, all
    if the run is not finished.
    """
    asked = facts.get("final", {}).get("validation", {})
    training = facts.get("training_loss")
    means = [(training and training.mean, ".3f"), *((asked.get(name), s) for name, s in _ASKED)]
    return [_number(value, spec) for value, spec in means]


def _number(value: Any, spec: str) -> str:
    mean = getattr(value, "mean", value)  # an interval's, or the number itself
    return "" if mean is None or math.isnan(mean) else format(value, spec)


def size(count: int) -> str:
    """Write a number of bytes.

    >>> size(999), size(1234567)
    ('999 B', '1.2 MB')
    """
    number, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"

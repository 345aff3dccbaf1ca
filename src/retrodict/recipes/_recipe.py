"""Recipes: named settings of an experiment, with their source."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A way to train that may break the curse.

    Attributes:
        name: its name in YAML and in the leaderboard.
        title: what it does, in a few words.
        source: where it comes from, with a grade of how certain that is.
        settings: its settings, section by section.
        tasks: the tasks for which it makes sense.
        models: the kinds of model for which it makes sense.
        is_long: whether it takes so long that the leaderboard trains it only with `--full`.
        is_bound: whether it is an upper bound, which trains on what is held out, or a control.
    """

    name: str
    title: str
    source: str
    settings: Mapping[str, Mapping[str, Any]]
    tasks: tuple[str, ...] = ("reversal", "chain")
    models: tuple[str, ...] = ("transformer",)
    is_long: bool = False
    is_bound: bool = False

"""What a recipe is: settings of an experiment under a name, with where it comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recipe:
    """A way to train that may break the curse.

    Attributes:
        name: what YAML and the leaderboard call it.
        title: what it does, in a few words.
        source: where it comes from, with the grade of how well we know it.
        settings: what it puts on top of an experiment, section by section.
        tasks: the tasks it makes sense for.
        models: the kinds of model it makes sense for.
        is_long: whether it needs so long that the leaderboard trains it with `--full` only.
        is_bound: whether it trains on what is held out: an upper bound, or on nothing new: a
            control.
    """

    name: str
    title: str
    source: str
    settings: Mapping[str, Mapping[str, Any]]
    tasks: tuple[str, ...] = ("reversal", "chain")
    models: tuple[str, ...] = ("transformer",)
    is_long: bool = False
    is_bound: bool = False

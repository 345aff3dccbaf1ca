"""Recipes: ways to train that are said to break the curse, or not to; one file each.

A recipe is settings under a name. A new one is one file here with a tuple `RECIPES`: it is found,
and stands in the leaderboard. One that needs a new kind of data, objective or model adds that in
its room first.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from functools import cache
from typing import Any

from retrodict.errors import choose
from retrodict.recipes._recipe import Recipe


@cache
def recipes() -> Mapping[str, Recipe]:
    """Return every recipe by name, in the order of `ORDER`'s files, others behind.

    >>> "plain" in recipes()
    True
    """
    files = [
        module.name for module in pkgutil.iter_modules(__path__) if module.name[1:] != "recipe"
    ]
    files.sort(key=lambda name: (_ORDER.index(name) if name in _ORDER else len(_ORDER), name))
    found: dict[str, Recipe] = {}
    for name in files:
        for recipe in importlib.import_module(f"{__name__}.{name}").RECIPES:
            if recipe.name in found:
                raise ValueError(f"two recipes are named {recipe.name}")
            found[recipe.name] = recipe
    return found


_ORDER = ("_plain", "_held_out", "_reverse", "_identity", "_middle_step", "_masked", "_diffusion")
"""Which come first in tables."""


def expanded(data: dict[str, Any]) -> dict[str, Any]:
    """Replace `recipe: NAME` in an experiment's plain data by its settings, under what is there.

    Raises:
        ValueError: there is no recipe of that name; or the data has another kind of objective,
            model or optimiser than the recipe.
    """
    if "recipe" not in data:
        return data
    rest = {key: value for key, value in data.items() if key != "recipe"}
    recipe = find(data["recipe"])
    for section, settings in recipe.settings.items():
        own = rest.get(section, {})
        if not isinstance(own, Mapping):
            continue  # what it is instead is for others to refuse
        if "kind" in settings and own.get("kind", settings["kind"]) != settings["kind"]:
            raise ValueError(
                f"recipe: {recipe.name} has {section}.kind {settings['kind']}, and the experiment "
                f"says {own['kind']}; leave out one of them"
            )
        rest[section] = {**settings, **own}
    return rest


def put_on(data: dict[str, Any], name: Any) -> dict[str, Any]:
    """Return an experiment's plain data with a recipe's settings on top; kinds are replaced.

    Raises:
        ValueError: there is no recipe of that name.
    """
    result = dict(data)
    for section, settings in find(name).settings.items():
        own = result.get(section, {})
        alike = isinstance(own, Mapping) and own.get("kind") == settings.get(
            "kind", own.get("kind")
        )
        result[section] = {**own, **settings} if alike else dict(settings)
    return result


def find(name: Any) -> Recipe:
    """Return the recipe of a name.

    Raises:
        ValueError: there is none.
    """
    if not isinstance(name, str):
        raise ValueError(f"recipe: {name!r:.60} is not known; give a recipe's name")
    choose([name], recipes(), "recipe: {!r:.60} is not known")
    return recipes()[name]


__all__ = ["Recipe", "expanded", "find", "put_on", "recipes"]

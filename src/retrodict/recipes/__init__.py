"""Recipes: ways to train that are claimed to break the curse, and controls; one file each.

A recipe is a name for settings. A new one is one file here with a tuple `RECIPES`, and one line
below; then the leaderboard includes it. If it needs a new kind of data, objective or model, add
that in its package first.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from retrodict.errors import choose
from retrodict.members import members
from retrodict.recipes._recipe import Recipe

# isort: off
from retrodict.recipes._plain import RECIPES as plain
from retrodict.recipes._held_out import RECIPES as held_out
from retrodict.recipes._reverse import RECIPES as reverse
from retrodict.recipes._identity import RECIPES as identity
from retrodict.recipes._middle_step import RECIPES as middle_step
from retrodict.recipes._masked import RECIPES as masked
from retrodict.recipes._diffusion import RECIPES as diffusion
from retrodict.recipes._bico import RECIPES as bico
from retrodict.recipes._bridge import RECIPES as bridge
from retrodict.recipes._permuted import RECIPES as permuted
from retrodict.recipes._relational import RECIPES as relational
from retrodict.recipes._tied_head import RECIPES as tied_head
from retrodict.recipes._value_output import RECIPES as value_output
from retrodict.recipes._weight_decay import RECIPES as weight_decay
from retrodict.recipes._zero_hop import RECIPES as zero_hop
# isort: on

RECIPES: Mapping[str, Recipe] = {one.name: one for one in members(Recipe, __name__)}
"""Every recipe by name, in the order of tables."""


def expanded(data: dict[str, Any]) -> dict[str, Any]:
    """Replace `recipe: NAME` in an experiment's plain data by its settings; other settings win.

    Raises:
        ValueError: the recipe is unknown; or the data has another kind of objective, model or
        optimiser than the recipe.
    """
    if "recipe" not in data:
        return data
    rest = {key: value for key, value in data.items() if key != "recipe"}
    recipe = find(data["recipe"])
    for section, settings in recipe.settings.items():
        own = rest.get(section, {})
        if not isinstance(own, Mapping):
            continue  # other code refuses what is not a section
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
        ValueError: the recipe is unknown.
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
    """Return the recipe with a name.

    Raises:
        ValueError: there is none with that name.
    """
    if not isinstance(name, str):
        raise ValueError(f"recipe: {name!r:.60} is not known; give a recipe's name")
    choose([name], RECIPES, "recipe: {!r:.60} is not known")
    return RECIPES[name]


__all__ = ["RECIPES", "Recipe", "expanded", "find", "put_on"]

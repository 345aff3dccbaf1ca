"""Reverse training [N: Golovneva et al. 2024, arXiv 2403.13799]: sentences also in reverse."""

from retrodict.papers import Source
from retrodict.recipes._recipe import Recipe

_GOLOVNEVA_2024 = Source("Golovneva and others", 2024, "2403.13799")
_SOURCE = f"{_GOLOVNEVA_2024} [N]"

RECIPES = (
    Recipe(
        name="reverse",
        title="every sentence also in reverse, entities kept whole",
        source=_SOURCE,
        settings={"data": {"reverse": {"level": "entity"}}},
        models=("transformer", "one_layer", "relational"),
    ),
    Recipe(
        name="reverse_marked",
        title="the same, with a token that marks reversed sentences",
        source=_SOURCE,
        settings={"data": {"reverse": {"level": "entity", "marker": True}}},
    ),
    Recipe(
        name="reverse_tokens",
        title="every sentence also in reverse, token by token",
        source=_SOURCE,
        settings={"data": {"reverse": {"level": "token"}}},
    ),
)

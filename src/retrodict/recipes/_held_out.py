"""The upper bound: the validation sentences are trained on [O]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="both_ways",
        title="the held-out sentences are taught: an upper bound",
        source="ours [O]",
        settings={"data": {"held_out": {}}},
        models=("transformer", "one_layer", "relational"),
        is_bound=True,
    ),
)

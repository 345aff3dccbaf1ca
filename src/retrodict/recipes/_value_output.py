"""The one-layer model's value-output matrix through factors [N: arXiv 2506.10887]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="factorised",
        title="value-output matrix Y = P Qᵀ",
        source="arXiv 2506.10887 [N]",
        settings={"model": {"kind": "one_layer", "value_output": "factorised", "sigma": 0.01}},
        models=("one_layer",),
    ),
)

"""The one-layer model's value-output matrix: through two factors [N: Huang et al. 2025, arXiv
2506.10887, where that and not the merged matrix generalises], or symmetric [O]."""

from retrodict.papers import HUANG_2025
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="factorised",
        title="value-output matrix Y = P Qᵀ",
        source=f"{HUANG_2025} [N]",
        settings={"model": {"kind": "one_layer", "value_output": "factorised", "sigma": 0.01}},
        models=("one_layer",),
    ),
    Recipe(
        name="factorised_identity",
        title="the same, and A = A",
        source="ours [O]",
        settings={
            "model": {"kind": "one_layer", "value_output": "factorised", "sigma": 0.01},
            "data": {"identity": {}},
        },
        models=("one_layer",),
    ),
    Recipe(
        name="symmetric",
        title="value-output matrix Y = Yᵀ",
        source="ours [O]",
        settings={"model": {"kind": "one_layer", "value_output": "symmetric"}},
        models=("one_layer",),
    ),
)

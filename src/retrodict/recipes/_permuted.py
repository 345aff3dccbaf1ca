"""Any-order prediction [N: Yang et al. 2019; Kitouni et al. 2024, arXiv 2406.05183]."""

from retrodict.papers import KITOUNI_2024
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="permuted",
        title="tokens in a new random order each epoch, each after its position",
        source=f"{KITOUNI_2024} [N]; layout ours [R]",
        settings={"objective": {"kind": "permuted"}},
    ),
)

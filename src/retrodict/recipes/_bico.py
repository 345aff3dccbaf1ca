"""Bidirectional denoising in a causal model [N: Lv et al. 2023, arXiv 2311.07468]."""

from retrodict.papers import LV_2023
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="bico",
        title="denoising with bidirectional attention, asked causally",
        source=f"{LV_2023} [N]; mixture ours [R]",
        settings={"objective": {"kind": "bico"}},
    ),
)

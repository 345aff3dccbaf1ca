"""Absorbing masked diffusion, uniform time [N: Nie et al. 2025, arXiv 2502.09992]."""

from retrodict.papers import NIE_2025
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="diffusion",
        title="masked diffusion (absorbing, uniform time)",
        source=f"{NIE_2025} [N]",
        settings={"objective": {"kind": "diffusion"}, "model": {"attention": "bidirectional"}},
    ),
)

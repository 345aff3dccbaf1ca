"""Absorbing masked diffusion, uniform time [N: Nie et al. 2025, arXiv 2502.09992]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="diffusion",
        title="masked diffusion (absorbing, uniform time)",
        source="Nie et al. 2025, arXiv 2502.09992 [N]",
        settings={"objective": {"kind": "diffusion"}, "model": {"attention": "bidirectional"}},
    ),
)

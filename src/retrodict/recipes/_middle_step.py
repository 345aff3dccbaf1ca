"""Chain of thought: the middle step is written before the answer [S: the paper's abstract]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="middle_step",
        title="A ⇝ is answered B → C, the middle step first",
        source="Zhu et al. 2024, arXiv 2405.04669 [S]",
        settings={"data": {"middle_step": {}}},
        tasks=("chain",),
    ),
)

"""Chain of thought: the middle step is written before the answer [S: the paper's abstract]."""

from retrodict.papers import ZHU_2024
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="middle_step",
        title="A ⇝ is answered by B → C, the middle step first",
        source=f"{ZHU_2024} [S]",
        settings={"data": {"middle_step": {}}},
        tasks=("chain",),
    ),
)

"""Plain next-token training: the curse itself [S: Zhu et al. 2024, arXiv 2405.04669].

On the answer's tokens alone, which is the paper's default, or on every token of the sentence.
"""

from retrodict.papers import ZHU_2024
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="plain",
        title="next token, loss on the last entity",
        source=f"{ZHU_2024} [S]",
        settings={"objective": {"kind": "next_token", "span": "last_entity"}},
        models=("transformer", "one_layer", "relational"),
    ),
    Recipe(
        name="plain_whole",
        title="next token, loss on the whole sentence",
        source=f"{ZHU_2024} [S]",
        settings={"objective": {"kind": "next_token", "span": "whole_sequence"}},
    ),
)

"""Identity sentences A = A: for reversal [O: docs/identity.md], and as zero-hop supervision for
A ⇝ C [N: arXiv 2509.24653]; with controls that show which part of them matters [O]."""

from retrodict.papers import LIN_2025
from retrodict.recipes._recipe import Recipe

_MODELS = ("transformer", "one_layer", "relational")

RECIPES = (
    Recipe(
        name="identity",
        title="A = A for every entity (zero-hop)",
        source=f"ours [O]; for chains arXiv {LIN_2025.arxiv} [N]",
        settings={"data": {"identity": {}}},
        models=_MODELS,
    ),
    Recipe(
        name="identity_random",
        title="control: A = R, another entity drawn at random",
        source="ours [O]",
        settings={"data": {"identity": {"partner": "random"}}},
        models=_MODELS,
        is_bound=True,
    ),
    Recipe(
        name="identity_elsewhere",
        title="control: A = A for all but the entities that questions start with",
        source="ours [O]",
        settings={"data": {"identity": {"who": "all_but_questions"}}},
        models=_MODELS,
        is_bound=True,
    ),
)

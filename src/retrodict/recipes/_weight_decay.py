"""Strong weight decay [N: arXiv 2509.21993], with and without identity sentences [O]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="weight_decay",
        title="weight decay 1.0",
        source="arXiv 2509.21993 [N]",
        settings={"optimizer": {"weight_decay": 1.0}},
        is_long=False,
    ),
    Recipe(
        name="weight_decay_identity",
        title="weight decay 1.0, and A = A",
        source="ours [O]",
        settings={"optimizer": {"weight_decay": 1.0}, "data": {"identity": {}}},
    ),
)

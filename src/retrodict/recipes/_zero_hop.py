"""Zero-hop supervision for A ⇝ C: sentences B = B for the middle entity
[S: Lin et al. 2025, arXiv 2509.24653]."""

from retrodict.papers import LIN_2025
from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="zero_hop",
        title="B = B for the middle entities alone",
        source=f"{LIN_2025} [S]; middle entities only [N]",
        settings={"data": {"identity": {"who": "middle"}}},
        tasks=("chain",),
    ),
    Recipe(
        name="zero_hop_decay",
        title="the same, weight decay 1.0",
        source=f"{LIN_2025} [S]",
        settings={"data": {"identity": {"who": "middle"}}, "optimizer": {"weight_decay": 1.0}},
        tasks=("chain",),
    ),
)

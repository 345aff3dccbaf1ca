"""Strong weight decay, alone, with identity sentences [O], and with many relations over the same
entities, where the source found that seeds split from 1 on [S: Kim et al. 2025, arXiv 2509.21993].
"""

from retrodict.papers import Source
from retrodict.recipes._recipe import Recipe

_KIM_2025 = Source("Kim and others", 2025, "2509.21993")
_WANG_2025 = Source("Wang and Sun", 2025, "2504.01928")
_SOURCE = f"{_KIM_2025} [S]; on this task ours [R]"

RECIPES = (
    Recipe(
        name="weight_decay",
        title="weight decay 1.0",
        source=_SOURCE,
        settings={"optimizer": {"weight_decay": 1.0}},
    ),
    Recipe(
        name="weight_decay_identity",
        title="weight decay 1.0, and A = A",
        source="ours [O]",
        settings={"optimizer": {"weight_decay": 1.0}, "data": {"identity": {}}},
    ),
    Recipe(
        name="relations",
        title="eight relations and their inverses over the same entities",
        source=f"{_WANG_2025} [S]; on this task ours [R]",
        settings={"task": {"relations": 8}},
        tasks=("reversal",),
        is_long=True,
    ),
    Recipe(
        name="relations_decay",
        title="the same, weight decay 1.0",
        source=_SOURCE,
        settings={"task": {"relations": 8}, "optimizer": {"weight_decay": 1.0}},
        tasks=("reversal",),
        is_long=True,
    ),
)

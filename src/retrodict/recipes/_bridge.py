"""The identity bridge [S: Ma et al. 2026, arXiv 2602.02470]; the source teaches no fact both ways.

Its controls are the same facts without bridges, and with identity facts alone.
"""

from retrodict.papers import MA_2026
from retrodict.recipes._recipe import Recipe

_SOURCE = f"{MA_2026} [S]"

RECIPES = (
    Recipe(
        name="one_way",
        title="control: no pair is taught both ways",
        source=_SOURCE,
        settings={"data": {"one_way": {}}},
        tasks=("reversal",),
        is_bound=True,
    ),
    Recipe(
        name="one_way_identity",
        title="control: the same, and A = A",
        source=_SOURCE,
        settings={"data": {"one_way": {}, "identity": {}}},
        tasks=("reversal",),
        is_bound=True,
    ),
    Recipe(
        name="one_way_bridge",
        title="the same, and the bridge A → ← A, B = B",
        source=f"{_SOURCE}; in our tokens [R]",
        settings={"data": {"one_way": {}, "bridge": {}}},
        tasks=("reversal",),
    ),
    Recipe(
        name="bridge",
        title="the bridge, and pairs taught both ways",
        source=f"{_SOURCE}; beside such pairs ours [O]",
        settings={"data": {"bridge": {}}},
        tasks=("reversal",),
    ),
)

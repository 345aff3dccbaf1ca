"""A head tied to the token embedding, as GPT-2's is [S: parity with the authors' code, which
unties it]; alone, and with identity sentences [O]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="tied",
        title="the head is the token embedding",
        source="ours [O]",
        settings={"model": {"tied_head": True}},
    ),
    Recipe(
        name="tied_identity",
        title="the head is the token embedding, and A = A",
        source="ours [O]",
        settings={"model": {"tied_head": True}, "data": {"identity": {}}},
    ),
)

"""The relational model u R v: with weight decay 1 tied vectors alone break the curse, and
identity sentences have no effect on vectors that stay as they were drawn [O:
docs/identity-theory.md]."""

from retrodict.recipes._recipe import Recipe

RECIPES = (
    Recipe(
        name="tied_vectors",
        title="an entity's input vector is its output vector (u = v), weight decay 1.0",
        source="ours [O]",
        settings={
            "model": {"kind": "relational", "tied": True},
            "optimizer": {"kind": "adamw", "weight_decay": 1.0},
        },
        models=("relational",),
        tasks=("reversal",),
    ),
    Recipe(
        name="frozen_vectors",
        title="control: vectors stay as they were drawn, and A = A",
        source="ours [O]",
        settings={
            "model": {"kind": "relational", "freeze_embeddings": True},
            "data": {"identity": {}},
        },
        models=("relational",),
        tasks=("reversal",),
        is_bound=True,
    ),
)

"""Table 3 [N]: the grid of the sweeps, read off the figures that run it."""

from __future__ import annotations

from retrodict.paper._axes import AXES
from retrodict.paper._scales import SCALES
from retrodict.paper._table import PaperTable


def rows() -> list[tuple[str, ...]]:
    """One row an axis."""
    return [
        (
            axis.key,
            axis.about,
            *(", ".join(map(axis.word, axis.values[scale])) for scale in reversed(SCALES)),
        )
        for axis in AXES
    ]


TABLE3 = PaperTable(
    name="table3",
    title="Table 3: the sweeps",
    grade="N",
    paper="The paper sweeps layers, heads, V, entity length, positions and embeddings [N]. Its "
    "values are known for V only [S]; the others are ours [R].",
    head=("setting", "what it is", *reversed(SCALES)),
    rows=rows,
)

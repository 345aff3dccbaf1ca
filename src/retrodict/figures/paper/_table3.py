"""Table 3 [N]: the grid of the sweeps, read off the figures that run it."""

from __future__ import annotations

from retrodict.experiment import flow
from retrodict.figures._scales import SCALES, Scale
from retrodict.figures._table import PaperTable
from retrodict.figures.paper._sweeps import AXES, Axis


def rows() -> list[tuple[str, ...]]:
    """Return one row per axis."""
    return [(axis.key, axis.about, *(_values(axis, s) for s in reversed(SCALES))) for axis in AXES]


def _values(axis: Axis, scale: Scale) -> str:
    """Return the values at a scale, with the further changes at some of them."""
    text = ", ".join(map(axis.word, axis.values[scale]))
    for (at, value), changes in axis.changes.items():
        if at == scale:
            settings = ", ".join(f"{key}={flow(new)}" for key, new in changes.items())
            text += f"; at {axis.word(value)}: {settings}"
    return text


TABLE3 = PaperTable(
    name="table3",
    title="Table 3: the sweeps",
    grade="N",
    paper="The paper sweeps layers, heads, V, entity length, positions and embeddings [N]. Its "
    "values are known for V only [S]; the others are ours [R].",
    head=("setting", "what it is", *reversed(SCALES)),
    rows=rows,
)

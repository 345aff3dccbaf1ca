"""A finding of ours [O]: identity sentences A = A break the reversal curse, or make models echo.

Which of the two depends on who gets them, and on how many pairs are taught both ways.
"""

from __future__ import annotations

import numpy as np

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.figures.findings._identity_cells import USUAL, Cells, cell, key, last, over_updates
from retrodict.plots import Figure

ROWS = {
    "none": {},
    "random partner": {"data.identity": {"partner": "random"}},
    "all but questions": {"data.identity": {"who": "all_but_questions"}},
    "questions only": {"data.identity": {"who": "questions"}},
    "held-out pairs only": {"data.identity": {"who": "held_out"}},
    "all": {"data.identity": {"who": "all"}},
}
_SHARES = (0.2, 0.4, 0.55, 0.7, 0.85)
CELLS = Cells(
    "reversal", ROWS, ("none", "all"), {"smoke": (0.2, 0.7), "laptop": _SHARES, "paper": _SHARES}
)
_DOSES: dict[Scale, tuple[float, ...]] = {
    "smoke": (0.5,),
    "laptop": (0.25, 0.5, 0.75),
    "paper": (0.25, 0.5, 0.75),
}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return every row at every share, and smaller doses at the usual share."""
    found = CELLS.experiments(scale)
    for dose in _DOSES[scale]:
        change = {"data.identity": {"who": "all", "share": dose}}
        found[key(f"dose {dose:g}", USUAL)] = cell("reversal", scale, USUAL, change)
    return found


def draw(inputs: FigureInputs) -> Figure:
    """Draw three grids of shares of answers; below, doses, accuracy and echoes over time."""
    doses = _DOSES[inputs.scale]
    names = ["none", *(f"dose {dose:g}" for dose in doses), "all"]
    by_dose = {
        kind: (
            np.array([0.0, *doses, 1.0]),
            np.stack([last(inputs, name, measure=measure) for name in names], axis=1),
        )
        for kind, measure in {"right": "accuracy", "echo": "echo", "neither": "neither"}.items()
    }
    shares = CELLS.shares[inputs.scale]
    over_time = {f"{share:.0%} of pairs": inputs.runs[key("all", share)] for share in shares}
    return CELLS.draw(
        inputs,
        "pairs taught both ways",
        {
            (f"{USUAL:.0%} both ways: dose", "share of entities with A = A"): by_dose,
            ("right, A = A for all", "updates"): over_updates(over_time),
            ("echo, A = A for all", "updates"): over_updates(over_time, "echo"),
        },
        "Reversal: A = A for every entity breaks the curse if most pairs are taught both ways",
    )


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that A = A breaks the curse at the usual share, if all entities have it."""
    fewest = min(CELLS.shares[inputs.scale])
    few, usual = f"{fewest:.0%} both ways", f"{USUAL:.0%} both ways"
    caption.all_memorised(inputs.traces)
    right = last(inputs, "all")
    says = f"A = A for all, {USUAL:.0%} of pairs both ways: share of held-out answers right"
    caption.at_least("broken", says, right, 0.8)
    gain = right - last(inputs, "all", fewest)
    says = f"A = A for all: accuracy at {USUAL:.0%} minus that at {fewest:.0%}, seed by seed"
    caption.at_least("share", says, gain, 0.4)
    echoes, without = (last(inputs, name, fewest, "echo") for name in ("all", "none"))
    says = f"{few}: share of echoes with A = A for all minus that without, seed by seed"
    caption.at_least("echo", says, echoes - without, 0.3)
    path = inputs.traces[key("all", USUAL)].held_out()["echo"]
    fewer = (path.max("epoch") - path.isel(epoch=-1)).values
    says = f"A = A for all, {usual}: largest share of echoes minus that at the end, seed by seed"
    caption.at_least("echo-first", says, fewer, 0.3)
    says = f"A = A for held-out pairs only, {usual}: share of echoes"
    held_out = last(inputs, "held-out pairs only", measure="echo")
    caption.at_least("held-out-echo", says, held_out, 0.75)
    says = (
        f"A = A for half of the entities, {usual}: share right; half a dose is worth less than "
        "half the effect"
    )
    caption.at_most("half", says, last(inputs, "dose 0.5"), 0.3)
    says = "held-out questions stay unanswered at every share of pairs both ways"
    for name in ("none", "random partner", "all but questions", "questions only"):
        CELLS.never_known(caption, inputs, name, says)
    if inputs.scale == "paper":
        says = f"24 layers, A = A for all, {usual}: share of held-out answers right"
        caption.at_least("deep", says, last(inputs, "all, 24 layers"), 0.8)


FINDING_IDENTITY = PaperFigure(
    name="identity-phase",
    title="reversal: who has identity sentences, over the share of pairs taught both ways",
    grade="O",
    paper="Ours: do identity sentences A = A break the reversal curse, for whom are they needed, "
    "and how many pairs must be taught both ways?",
    experiments=experiments,
    draw=draw,
    check=check,
)

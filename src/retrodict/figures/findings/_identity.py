"""A finding of ours [O]: identity sentences A = A break the reversal curse, or make models echo.

Who gets them, and how many pairs are taught both ways, decides which.
"""

from __future__ import annotations

import numpy as np

from retrodict.experiment import Experiment
from retrodict.figures._captions import Caption
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.figures.findings._identity_cells import (
    USUAL,
    all_memorised,
    answers,
    cell,
    cells,
    key,
    last,
    never_known,
    over_updates,
    rows,
)
from retrodict.plots import Lines, plot_answers
from retrodict.plots._drawing import Figure

SHARES: dict[Scale, tuple[float, ...]] = {
    "smoke": (0.2, 0.7),
    "laptop": (0.2, 0.4, 0.55, 0.7, 0.85),
    "paper": (0.2, 0.4, 0.55, 0.7, 0.85),
}
DOSES: dict[Scale, tuple[float, ...]] = {
    "smoke": (0.5,),
    "laptop": (0.25, 0.5, 0.75),
    "paper": (0.25, 0.5, 0.75),
}

ROWS = {
    "none": (),
    "random partner": ("data.identity={partner: random}",),
    "all but questions": ("data.identity={who: all_but_questions}",),
    "questions only": ("data.identity={who: questions}",),
    "held-out pairs only": ("data.identity={who: held_out}",),
    "all": ("data.identity={who: all}",),
}
_DEEP = ("none", "all")


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Every row at every share, and smaller doses at the usual share."""
    found = cells("reversal", scale, rows(scale, ROWS, _DEEP), SHARES[scale])
    for dose in DOSES[scale]:
        change = f"data.identity={{who: all, share: {dose}}}"
        found[key(f"dose {dose:g}", USUAL)] = cell("reversal", scale, USUAL, change)
    return found


def draw(inputs: FigureInputs) -> Figure:
    """Three grids of shares of answers; below, doses, accuracy and echoes over time."""
    shares = SHARES[inputs.scale]
    names = list(rows(inputs.scale, ROWS, _DEEP))
    over_time = {f"{share:.0%} of pairs": inputs.runs[key("all", share)] for share in shares}
    return plot_answers(
        names,
        [f"{share:.0%}" for share in shares],
        answers(inputs, names, shares),
        "pairs taught both ways",
        {
            (f"{USUAL:.0%} both ways: dose", "share of entities with A = A"): _doses(inputs),
            ("right, A = A for all", "updates"): over_updates(over_time),
            ("echo, A = A for all", "updates"): over_updates(over_time, "echo"),
        },
        "Reversal: A = A for every entity breaks the curse if most pairs are taught both ways",
    )


def _doses(inputs: FigureInputs) -> Lines:
    doses = DOSES[inputs.scale]
    names = ["none", *(f"dose {dose:g}" for dose in doses), "all"]
    have = np.array([0.0, *doses, 1.0])
    return {
        kind: (have, np.stack([last(inputs, name, measure=measure) for name in names], axis=1))
        for kind, measure in {"right": "accuracy", "echo": "echo", "neither": "neither"}.items()
    }


def check(inputs: FigureInputs, caption: Caption) -> None:
    """A = A for all breaks the curse at the usual share; for fewer entities the curse stands."""
    shares = SHARES[inputs.scale]
    few, usual = f"{min(shares):.0%} both ways", f"{USUAL:.0%} both ways"
    all_memorised(caption, inputs.traces)
    right = last(inputs, "all")
    says = f"A = A for all, {USUAL:.0%} of pairs both ways: share of held-out answers right"
    caption.at_least("broken", says, right, 0.8)
    gain = right - last(inputs, "all", min(shares))
    says = f"A = A for all: accuracy at {USUAL:.0%} less that at {min(shares):.0%}, seed by seed"
    caption.at_least("share", says, gain, 0.4)
    echoes, without = (last(inputs, name, min(shares), "echo") for name in ("all", "none"))
    says = f"{few}: share of echoes with A = A for all less that without, seed by seed"
    caption.at_least("echo", says, echoes - without, 0.3)
    path = inputs.traces[key("all", USUAL)].held_out()["echo"]
    fewer = (path.max("epoch") - path.isel(epoch=-1)).values
    says = f"A = A for all, {usual}: most echoes on the way less those at the end, seed by seed"
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
        never_known(caption, inputs, name, says, shares)
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

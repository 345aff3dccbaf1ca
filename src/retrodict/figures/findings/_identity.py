"""A finding of ours [O]: identity sentences A = A break the reversal curse, or make models echo.

Who gets them, and how many pairs are taught both ways, decides which.
"""

from __future__ import annotations

import numpy as np

from retrodict.claims import Claim
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


def claims(inputs: FigureInputs) -> list[Claim]:
    """Broken with all at the usual share; cursed without, and where the question has none."""
    check, shares = Caption("identity-phase", "O"), SHARES[inputs.scale]
    fewest, usual = min(shares), f"{USUAL:.0%}"
    right = last(inputs, "all")
    gain = right - last(inputs, "all", fewest)
    echoes = last(inputs, "all", fewest, "echo") - last(inputs, "none", fewest, "echo")
    path = inputs.traces[key("all", USUAL)].held_out()["echo"]
    fewer = (path.max("epoch") - path.isel(epoch=-1)).values
    found = [
        all_memorised(check, inputs.traces),
        check.at_least(
            "broken",
            f"A = A for all, {usual} of pairs both ways: share of held-out answers right",
            right,
            0.8,
        ),
        check.at_least(
            "share",
            f"A = A for all: accuracy at {usual} less that at {fewest:.0%}, seed by seed",
            gain,
            0.4,
        ),
        check.at_least(
            "echo",
            f"{fewest:.0%} both ways: share of echoes with A = A for all less that without, seed "
            "by seed",
            echoes,
            0.3,
        ),
        check.at_least(
            "echo-first",
            f"A = A for all, {usual} both ways: most echoes on the way less those at the end, "
            "seed by seed",
            fewer,
            0.3,
        ),
        check.at_least(
            "held-out-echo",
            f"A = A for held-out pairs only, {usual} both ways: share of echoes",
            last(inputs, "held-out pairs only", measure="echo"),
            0.75,
        ),
        check.at_most(
            "half",
            f"A = A for half of the entities, {usual} both ways: share right; half a dose is "
            "worth less than half the effect",
            last(inputs, "dose 0.5"),
            0.3,
        ),
    ]
    says = "held-out questions stay unanswered at every share of pairs both ways"
    for name in ("none", "random partner", "all but questions", "questions only"):
        found.append(never_known(check, inputs, name, says, shares))
    if inputs.scale == "paper":
        says = f"24 layers, A = A for all, {usual} both ways: share of held-out answers right"
        found.append(check.at_least("deep", says, last(inputs, "all, 24 layers"), 0.8))
    return found


FINDING_IDENTITY = PaperFigure(
    name="identity-phase",
    title="reversal: who has identity sentences, over the share of pairs taught both ways",
    grade="O",
    paper="Ours: do identity sentences A = A break the reversal curse, for whom are they needed, "
    "and how many pairs must be taught both ways?",
    experiments=experiments,
    draw=draw,
    claims=claims,
)

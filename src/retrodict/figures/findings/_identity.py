"""A finding of ours [O]: identity sentences A = A break the reversal curse, or make models echo.

Who gets them, and how many pairs are taught both ways, decides which.
"""

from __future__ import annotations

import numpy as np

from retrodict.claims import Claim, at_least, at_most
from retrodict.experiment import Experiment
from retrodict.figures._figure import FigureInputs, PaperFigure, slug
from retrodict.figures._scales import Scale
from retrodict.figures.findings._identity_cells import (
    USUAL,
    all_memorised,
    answers,
    at,
    cell,
    cells,
    key,
    over_updates,
    rows,
    worst_accuracy,
)
from retrodict.measures import held_out_values, over_learners
from retrodict.plots import Lines, plot_answers
from retrodict.plots._drawing import Figure
from retrodict.trace import Trace

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
    traces = [
        at(inputs, "none", USUAL),
        *(at(inputs, f"dose {dose:g}", USUAL) for dose in doses),
        at(inputs, "all", USUAL),
    ]
    have = np.array([0.0, *doses, 1.0])
    names = {"right": "accuracy", "echo": "echo", "neither": "neither"}
    return {
        name: (have, np.stack([held_out_values(trace, measure) for trace in traces], axis=1))
        for name, measure in names.items()
    }


def claims(inputs: FigureInputs) -> list[Claim]:
    """Broken with all at the usual share; cursed without, and where the question has none."""
    shares = SHARES[inputs.scale]
    fewest = min(shares)
    everyone = at(inputs, "all", USUAL)
    few = at(inputs, "all", fewest)
    held_out, half = at(inputs, "held-out pairs only", USUAL), at(inputs, "dose 0.5", USUAL)
    gain = held_out_values(everyone, "accuracy") - held_out_values(few, "accuracy")
    found = [
        all_memorised("identity-phase.training", inputs.traces.items()),
        at_least(
            "identity-phase.broken",
            f"A = A for all, {USUAL:.0%} of pairs both ways: share of held-out answers right",
            "O",
            over_learners(held_out_values(everyone, "accuracy")),
            0.8,
        ),
        at_least(
            "identity-phase.share",
            f"A = A for all: accuracy at {USUAL:.0%} less that at {fewest:.0%}, seed by seed",
            "O",
            over_learners(gain),
            0.4,
        ),
        at_least(
            "identity-phase.echo",
            f"{fewest:.0%} both ways: share of echoes with A = A for all less that without, seed "
            "by seed",
            "O",
            over_learners(
                held_out_values(few, "echo") - held_out_values(at(inputs, "none", fewest), "echo")
            ),
            0.3,
        ),
        at_least(
            "identity-phase.echo-first",
            f"A = A for all, {USUAL:.0%} both ways: most echoes on the way less those at the end, "
            "seed by seed",
            "O",
            over_learners(_most_echoes(everyone) - held_out_values(everyone, "echo")),
            0.3,
        ),
        at_least(
            "identity-phase.held-out-echo",
            f"A = A for held-out pairs only, {USUAL:.0%} both ways: share of echoes",
            "O",
            over_learners(held_out_values(held_out, "echo")),
            0.75,
        ),
        at_most(
            "identity-phase.half",
            f"A = A for half of the entities, {USUAL:.0%} both ways: share right; half a dose "
            "is worth less than half the effect",
            "O",
            over_learners(held_out_values(half, "accuracy")),
            0.3,
        ),
    ]
    for name in ("none", "random partner", "all but questions", "questions only"):
        at_every_share = {f"{share:.0%}": at(inputs, name, share) for share in shares}
        says = f"{name}: held-out questions stay unanswered at every share of pairs both ways"
        found.append(worst_accuracy(f"identity-phase.{slug(name)}", says, at_every_share, 0.1))
    if inputs.scale == "paper":
        deep = over_learners(held_out_values(at(inputs, "all, 24 layers", USUAL), "accuracy"))
        says = f"24 layers, A = A for all, {USUAL:.0%} both ways: share of held-out answers right"
        found.append(at_least("identity-phase.deep", says, "O", deep, 0.8))
    return found


def _most_echoes(trace: Trace) -> np.ndarray:
    """The largest share of echoes at any recorded epoch, learner by learner."""
    values: np.ndarray = trace.held_out()["echo"].max("epoch").values
    return values


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

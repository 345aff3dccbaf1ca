"""Figure 1 [S]: the reversal curse under the default configuration."""

from __future__ import annotations

from retrodict.claims import Claim
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._nll_claims import nll_claims
from retrodict.figures._scales import default_experiment
from retrodict.plots import plot_nll
from retrodict.plots._drawing import Figure


def draw(inputs: FigureInputs) -> Figure:
    """Training and validation NLL over epochs."""
    return plot_nll(
        inputs.trace,
        title="Reversal: what is learned in one direction is not known in the other",
        training="training (A → B, B ← A)",
        validation="validation (direction not seen)",
    )


def claims(inputs: FigureInputs) -> list[Claim]:
    """Trained directions are learned; unseen ones are guessed, or worse."""
    return nll_claims("fig1", inputs.trace)


FIG1 = PaperFigure(
    name="fig1",
    title="reversal: training and validation NLL over epochs",
    grade="S",
    paper="Sentences of the training set are learned nearly perfectly; the unseen direction of "
    "validation pairs is predicted no better than by a uniformly random guess (10 seeds).",
    experiments=lambda scale: {"reversal": default_experiment("reversal", scale)},
    draw=draw,
    claims=claims,
)

"""Figure 3 [S]: chain of thought under the default configuration."""

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
        title="Chain: A → B and B → C are learned, A ⇝ C does not follow",
        training="training (A → B, B → C, A ⇝ C)",
        validation="validation (A ⇝ C, not seen)",
    )


def claims(inputs: FigureInputs) -> list[Claim]:
    """Steps are learned; leaps over unseen triples are guessed, or worse."""
    return nll_claims("fig3", inputs.trace)


FIG3 = PaperFigure(
    name="fig3",
    title="chain of thought: training and validation NLL over epochs",
    grade="S",
    paper="Steps and taught leaps are learned nearly perfectly; A ⇝ C of validation triples is "
    "predicted no better than by a uniformly random guess (10 seeds).",
    experiments=lambda scale: {"chain": default_experiment("chain", scale)},
    draw=draw,
    claims=claims,
)

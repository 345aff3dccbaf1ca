"""Figure 4 [S]: effective weights of the chain-of-thought task after training."""

from __future__ import annotations

from retrodict.claims import Claim
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import default_experiment
from retrodict.figures._weight_claims import weight_claims
from retrodict.plots import plot_matrices
from retrodict.plots._drawing import Figure


def draw(inputs: FigureInputs) -> Figure:
    """Six matrices: training triples above, validation triples below."""
    return plot_matrices(
        inputs.trace,
        "Chain: weights of A to B and B to C do not add up to A to C",
        rows=2,
        columns=3,
    )


def claims(inputs: FigureInputs) -> list[Claim]:
    """Five diagonals stand out; that of the unseen leap does not."""
    return weight_claims("fig4", inputs.trace)


FIG4 = PaperFigure(
    name="fig4",
    title="chain of thought: effective weights, six matrices",
    grade="S",
    paper="Weights from A to C of validation triples hardly get trained; the other five diagonals "
    "are large.",
    experiments=lambda scale: {"chain": default_experiment("chain", scale)},
    draw=draw,
    claims=claims,
)

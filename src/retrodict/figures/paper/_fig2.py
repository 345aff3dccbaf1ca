"""Figure 2 [S]: effective weights of the reversal task after training."""

from __future__ import annotations

from retrodict.claims import Claim
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import default_experiment
from retrodict.figures._weight_claims import weight_claims
from retrodict.plots import plot_matrices
from retrodict.plots._drawing import Figure


def draw(inputs: FigureInputs) -> Figure:
    """Four matrices: training pairs above, validation pairs below, reverse direction right."""
    return plot_matrices(
        inputs.trace,
        "Reversal: the unseen direction's weights are not trained",
        rows=2,
        columns=2,
    )


def claims(inputs: FigureInputs) -> list[Claim]:
    """Three diagonals stand out; that of the unseen direction does not."""
    return weight_claims("fig2", inputs.trace)


FIG2 = PaperFigure(
    name="fig2",
    title="reversal: effective weights, four matrices",
    grade="S",
    paper="The diagonals of three matrices are large; that of the unseen direction of validation "
    "pairs is close to zero: those weights hardly get trained.",
    experiments=lambda scale: {"reversal": default_experiment("reversal", scale)},
    draw=draw,
    claims=claims,
)

"""Figures 1 to 4 [S]: NLL and effective weights of both tasks under the default configuration."""

from __future__ import annotations

from dataclasses import replace

from retrodict.figures._figure import MEMORISED, Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import default_experiment
from retrodict.measures import at_end, final_values, z_of_snapshots
from retrodict.plots import plot_matrices, plot_nll


def _nll_figure(
    name: str, task: str, title: str, headline: str, taught: str, held_out: str, paper: str
) -> PaperFigure:
    """Return a figure of training and validation NLL over epochs."""
    training, validation = f"training ({taught})", f"validation ({held_out})"
    return PaperFigure(
        name,
        title,
        "S",
        paper,
        draw=lambda inputs: plot_nll(inputs.trace, headline, training, validation),
        check=_check_nll,
        experiments=lambda scale: {task: default_experiment(task, scale)},
    )


def _check_nll(inputs: FigureInputs, caption: Caption) -> None:
    loss = at_end(inputs.trace.curves["training_loss"])
    near_0 = "training NLL (dropout on, as the authors record it) ends near 0"
    chance = "validation: the truth beats a random wrong answer no more often than chance"
    preference = final_values(inputs.trace)[-1].preference
    caption.at_most("training", near_0, loss, MEMORISED)
    caption.cursed("validation", "held-out questions", inputs.trace)
    # An NLL near that of a guess does not show knowledge; the ranking of the answers does.
    replace(caption, grade="O").at_most("preference", chance, preference, 0.5)


def _weights_figure(
    name: str, task: str, title: str, headline: str, columns: int, paper: str
) -> PaperFigure:
    """Return a figure of matrices in two rows, training facts above validation facts."""
    return PaperFigure(
        name,
        title,
        "S",
        paper,
        draw=lambda inputs: plot_matrices(inputs.trace, headline, rows=2, columns=columns),
        check=_check_weights,
        experiments=lambda scale: {task: default_experiment(task, scale)},
    )


def _check_weights(inputs: FigureInputs, caption: Caption) -> None:
    for panel, weights in inputs.trace.weights.items():
        z, role = z_of_snapshots(weights["entity_only"])[-1], inputs.trace.roles[panel]
        caption.diagonal(panel, weights.attrs["title"], z, role)


FIG1 = _nll_figure(
    "fig1",
    "reversal",
    "reversal: training and validation NLL over epochs",
    "Reversal: what is learned in one direction is not known in the other",
    taught="A → B, B ← A",
    held_out="direction not seen",
    paper="Sentences of the training set are learned nearly perfectly; the unseen direction of "
    "validation pairs is predicted no better than by a uniformly random guess (10 seeds).",
)

FIG2 = _weights_figure(
    "fig2",
    "reversal",
    "reversal: effective weights, four matrices",
    "Reversal: the unseen direction's weights are not trained",
    columns=2,
    paper="The diagonals of three matrices are large; that of the unseen direction of validation "
    "pairs is close to zero: those weights hardly get trained.",
)

FIG3 = _nll_figure(
    "fig3",
    "chain",
    "chain of thought: training and validation NLL over epochs",
    "Chain: A → B and B → C are learned, A ⇝ C does not follow",
    taught="A → B, B → C, A ⇝ C",
    held_out="A ⇝ C, not seen",
    paper="Steps and taught leaps are learned nearly perfectly; A ⇝ C of validation triples is "
    "predicted no better than by a uniformly random guess (10 seeds).",
)

FIG4 = _weights_figure(
    "fig4",
    "chain",
    "chain of thought: effective weights, six matrices",
    "Chain: weights of A to B and B to C do not add up to A to C",
    columns=3,
    paper="Weights from A to C of validation triples hardly get trained; the other five diagonals "
    "are large.",
)

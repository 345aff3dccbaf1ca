"""One of the figures 6 to 18 [N]: loss on the whole sequence, not on the last entity alone."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, sweep_experiment
from retrodict.figures.paper._sweeps import check_curses
from retrodict.plots import plot_panels
from retrodict.plots._drawing import Figure


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Both tasks, every token but the first predicted."""
    return {
        task: sweep_experiment(task, scale).changed({"objective.span": "whole_sequence"})
        for task in ("reversal", "chain")
    }


def draw(inputs: FigureInputs) -> Figure:
    """Two panels; the training loss of the chain has a floor, since A goes on with → or ⇝."""
    panels = {
        "reversal": inputs.traces["reversal"],
        "chain (A goes on with → or ⇝: a floor)": inputs.traces["chain"],
    }
    return plot_panels(panels, "Loss on every token: the curse stands")


WHOLE_SEQUENCE_LOSS = PaperFigure(
    name="whole-sequence-loss",
    title="reversal and chain: loss on the whole sequence",
    grade="N",
    paper="The results are the same where the loss is taken on the whole sequence. "
    "(The training loss of the chain cannot reach 0: A goes on with → or with ⇝.)",
    experiments=experiments,
    draw=draw,
    check=check_curses,
    sweep=True,
)

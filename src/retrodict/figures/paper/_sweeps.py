"""A figure that varies one setting: a grid of experiments, a panel a value, two claims a panel."""

from __future__ import annotations

from functools import partial

from retrodict.claims import Claim
from retrodict.experiment import Experiment, Grid
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._nll_claims import cursed, memorised
from retrodict.figures._scales import Scale, changed, sweep_experiment
from retrodict.figures.paper._axes import Axis
from retrodict.plots import plot_panels
from retrodict.plots._drawing import Figure


def sweep(name: str, task: str, axis: Axis, headline: str, paper: str, grade: str) -> PaperFigure:
    """Make the figure of a sweep.

    Args:
        name: the figure's.
        task: which task's default is varied.
        axis: what is varied.
        headline: what the figure says, over its panels.
        paper: what the paper says there.
        grade: how well that is known.
    """
    return PaperFigure(
        name=name,
        title=f"{task}: {axis.about}",
        grade=grade,
        paper=paper,
        experiments=partial(_experiments, task, axis),
        draw=partial(_draw, headline),
        claims=partial(_claims, name, grade),
        sweep=True,
    )


def _experiments(task: str, axis: Axis, scale: Scale) -> dict[str, Experiment]:
    grid = Grid.of(sweep_experiment(task, scale), {axis.key: axis.values[scale]})
    found = {}
    for cell in grid.cells:
        value, experiment = cell.settings[axis.key], cell.experiment
        assert experiment is not None, cell.problem  # tests build every scale
        found[axis.name(value)] = changed(experiment, *axis.changes.get((scale, value), ()))
    return found


def _draw(headline: str, inputs: FigureInputs) -> Figure:
    return plot_panels(inputs.traces, headline, columns=len(inputs.traces))


def _claims(figure: str, grade: str, inputs: FigureInputs) -> list[Claim]:
    """In every panel: taught facts are memorised, held-out ones no better than guessed."""
    found = []
    for name, trace in inputs.traces.items():
        slug = name.replace(" = ", "").replace(" ", "-")
        found += [
            memorised(f"{figure}.{slug}.training", name, grade, trace),
            cursed(f"{figure}.{slug}.validation", name, grade, trace),
        ]
    return found

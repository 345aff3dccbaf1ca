"""What a figure of the paper is, and how it is reproduced."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from matplotlib.figure import Figure

from retrodict.claims import Claim
from retrodict.experiment import Experiment
from retrodict.launch import Reporter, execute
from retrodict.paper._scales import Scale, describe
from retrodict.plots import footer, save
from retrodict.runs import Run, Store
from retrodict.trace import Trace


@dataclass(frozen=True)
class PaperFigure:
    """A figure: its experiment, its drawing, and its caption as claims that can fail.

    Attributes:
        name: what `retrodict reproduce` calls it.
        title: one line for `retrodict list`.
        grade: how well its content is known, e.g. `"S"`: read off the paper's captions.
        experiment: scale → the experiment behind it.
        draw: trace → figure.
        claims: trace → its caption, checked.
    """

    name: str
    title: str
    grade: str
    experiment: Callable[[Scale], Experiment]
    draw: Callable[[Trace], Figure]
    claims: Callable[[Trace], list[Claim]]


@dataclass(frozen=True)
class Reproduction:
    """A figure that was reproduced.

    Attributes:
        figure, scale: which, and how large.
        run: where its numbers are.
        claims: its caption's verdicts.
        files: the drawings.
    """

    figure: PaperFigure
    scale: Scale
    run: Run
    claims: list[Claim]
    files: list[Path]


def reproduce(figure: PaperFigure, scale: Scale, store: Store, reporter: Reporter) -> Reproduction:
    """Run what a figure needs, draw it into the store under its name, check its claims.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.execute`.
    """
    run = execute(figure.experiment(scale), store, reporter)
    drawing = figure.draw(run.trace)
    footer(
        drawing,
        f"retrodict reproduce {figure.name} --scale {scale}   ·   {describe(run.experiment)}",
    )
    files = save(drawing, store.root / figure.name)
    return Reproduction(figure, scale, run, figure.claims(run.trace), files)

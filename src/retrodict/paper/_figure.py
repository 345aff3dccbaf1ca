"""What a figure is, and how it is reproduced."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from retrodict.claims import Claim
from retrodict.experiment import Experiment
from retrodict.launch import Reporter, execute
from retrodict.paper._scales import Scale, describe
from retrodict.plots import footer, save
from retrodict.runs import Run, Store, require_writable
from retrodict.trace import Trace

Tick = Callable[[float], None]
"""Is told the share, 0 to 1, of a computation that is done."""


@dataclass(frozen=True)
class Material:
    """What a figure is drawn from and checked against.

    Attributes:
        scale: how large.
        traces: of the figure's experiments, by the figure's own names for them.
        theory: what the figure's theory computed.
    """

    scale: Scale
    traces: Mapping[str, Trace]
    theory: Any = None

    @property
    def trace(self) -> Trace:
        """The trace of a figure with one experiment."""
        (only,) = self.traces.values()
        return only


@dataclass(frozen=True)
class PaperFigure:
    """A figure: its experiments, its drawing, and its caption as claims that can fail.

    Attributes:
        name: what `retrodict reproduce` calls it.
        title: one line for `retrodict list`.
        grade: how well its content is known, e.g. `"S"`: read off the paper's captions.
        draw: material → figure.
        claims: material → its caption, checked.
        experiments: scale → the experiments behind it, by name.
        theory: scale → what is computed, not trained; is told how to report progress.
        note: scale → the configuration in one line, for the figure's footer; by default that of
            its only experiment.
    """

    name: str
    title: str
    grade: str
    draw: Callable[[Material], Figure]
    claims: Callable[[Material], list[Claim]]
    experiments: Callable[[Scale], Mapping[str, Experiment]] = lambda scale: {}
    theory: Callable[[Scale, Tick], Any] = lambda scale, tick: None
    note: Callable[[Scale], str] = field(default=lambda scale: "")


@dataclass(frozen=True)
class Reproduction:
    """A figure that was reproduced.

    Attributes:
        figure, scale: which, and how large.
        runs: where its trained numbers are.
        claims: its caption's verdicts.
        files: the drawings.
    """

    figure: PaperFigure
    scale: Scale
    runs: list[Run]
    claims: list[Claim]
    files: list[Path]


def reproduce(figure: PaperFigure, scale: Scale, store: Store, reporter: Reporter) -> Reproduction:
    """Run what a figure needs, draw it into the store under its name, check its claims.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.execute`.
    """
    require_writable(store.root)
    runs = {
        name: execute(experiment, store, reporter)
        for name, experiment in figure.experiments(scale).items()
    }
    theory = figure.theory(scale, lambda share: reporter.working(figure.name, share))
    material = Material(scale, {name: run.trace for name, run in runs.items()}, theory)
    drawing = figure.draw(material)
    note = figure.note(scale) or describe(next(iter(runs.values())).experiment)
    footer(drawing, f"retrodict reproduce {figure.name} --scale {scale}   ·   {note}")
    files = save(drawing, store.root / figure.name)
    return Reproduction(figure, scale, list(runs.values()), figure.claims(material), files)

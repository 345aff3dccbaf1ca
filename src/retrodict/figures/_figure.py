"""What a figure is: its experiments, its drawing, and its caption as claims that can fail.

The paper's captions give no numbers: the bounds here are ours [R].
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from re import sub
from typing import Any

import numpy as np
from jaxtyping import Float

from retrodict.claims import Claim, at_least, at_most, within
from retrodict.experiment import Experiment
from retrodict.figures._scales import Scale
from retrodict.measures import Interval, at_end, final_values, over_learners, taught
from retrodict.plots import Figure
from retrodict.progress import Tick
from retrodict.tasks import Role
from retrodict.trace import Recorded, Trace

MEMORISED = 0.1  # nats; the next-token probability is above 0.9
TRAINED_Z, UNTRAINED_Z = 2.0, 0.5

Measured = Interval | Float[np.ndarray, " learner"]
"""A measured value: an interval over learners, or one value per learner."""


@dataclass(frozen=True)
class FigureInputs:
    """The data that a figure is drawn and checked from.

    Attributes:
        scale: `smoke`, `laptop` or `paper`.
        runs: the figure's experiments with their traces, by the figure's names for them.
        theory: what the figure's theory computed.
    """

    scale: Scale
    runs: Mapping[str, Recorded]
    theory: Any = None

    @cached_property
    def traces(self) -> dict[str, Trace]:
        """The traces of the runs."""
        return {name: run.trace for name, run in self.runs.items()}

    @property
    def trace(self) -> Trace:
        """The trace of a figure with one experiment."""
        (only,) = self.traces.values()
        return only


@dataclass(frozen=True)
class Caption:
    """Collects the claims of one figure.

    Attributes:
        figure: the figure's name, with which the claims' names begin.
        grade: how certain their source is: S, N, R or O.
        claims: what was checked so far.
    """

    figure: str
    grade: str
    claims: list[Claim] = field(default_factory=list)

    def at_least(self, name: str, says: str, measured: Measured, bound: float) -> None:
        """Check that the mean is at least a bound."""
        self._add(at_least, name, says, measured, bound)

    def at_most(self, name: str, says: str, measured: Measured, bound: float) -> None:
        """Check that the mean is at most a bound."""
        self._add(at_most, name, says, measured, bound)

    def within(self, name: str, says: str, measured: Measured, bound: float) -> None:
        """Check that the mean is within plus and minus a bound."""
        self._add(within, name, says, measured, bound)

    def memorised(self, name: str, where: str, trace: Trace) -> None:
        """Check that whole taught answers are known, on average over all taught questions.

        Held-out questions say something about the curse only if this holds. Dropout is off. Small
        groups can be higher for some epochs, when one learner's loss spikes under AdamW; the
        statement says how high the worst group is.
        """
        worst = float(trace.taught()["entity_nll"].isel(epoch=-1).mean("learner").max("group"))
        says = (
            f"{where}: the taught facts are memorised (NLL of the answer, dropout off; worst group "
            f"{worst:.3f})"
        )
        self.at_most(name, says, at_end(taught(trace, "entity_nll")), MEMORISED)

    def all_memorised(self, traces: Mapping[str, Trace]) -> None:
        """Check that the taught answers are known in every cell; the statement names the worst."""
        found = {
            name: over_learners(at_end(taught(trace, "entity_nll")))
            for name, trace in traces.items()
        }
        worst = max(found, key=lambda name: found[name].high)
        says = f"what is taught is memorised in every cell (NLL, dropout off; worst: {worst})"
        self.at_most("training", says, found[worst], MEMORISED)

    def cursed(self, name: str, where: str, trace: Trace) -> None:
        """Check that held-out questions are answered no better than by a uniform guess."""
        says = f"{where}: validation NLL ends no better than a uniform guess over all tokens"
        uniform = float(trace.attrs["uniform_nll"])
        self.at_least(name, says, final_values(trace)[-1].nll, uniform)

    def curse(self, where: str, trace: Trace, name: str = "") -> None:
        """Check that taught facts are memorised, and held-out ones no better than guessed."""
        name = name or slug(where)
        self.memorised(f"{name}.training", where, trace)
        self.cursed(f"{name}.validation", where, trace)

    def diagonal(self, name: str, where: str, z: Interval, role: Role) -> None:
        """Check that the diagonal of weights stands out if taught, and does not if held out."""
        if role == "held_out":
            self.within(name, f"{where}: the diagonal does not stand out (z)", z, UNTRAINED_Z)
        else:
            self.at_least(name, f"{where}: the diagonal stands out (z)", z, TRAINED_Z)

    def _add(
        self, compare: Callable[..., Claim], name: str, says: str, measured: Measured, bound: float
    ) -> None:
        found = measured if isinstance(measured, Interval) else over_learners(measured)
        self.claims.append(compare(f"{self.figure}.{name}", says, self.grade, found, bound))


@dataclass(frozen=True)
class PaperFigure:
    """A figure: its experiments, its drawing, and its caption as claims that can fail.

    Attributes:
        name: what `retrodict reproduce` calls it.
        title: one line for `retrodict list`.
        grade: how certain its source is, e.g. `"S"`: read off the paper's captions.
        paper: what the paper says there, in our words; for our own figures, the question.
        draw: inputs → figure.
        check: inputs, caption → adds the claims to the caption.
        experiments: scale → the experiments behind it, by name.
        theory: scale, progress report → what is computed without training.
        note: scale → the configuration in one line, for the figure's footer; by default it is
            composed from the experiments.
        film: inputs → frames of an animation, if there is one.
        sweep: whether it varies what the curse should not depend on; the report's first screen
            counts such figures.
    """

    name: str
    title: str
    grade: str
    paper: str
    draw: Callable[[FigureInputs], Figure]
    check: Callable[[FigureInputs, Caption], None]
    experiments: Callable[[Scale], Mapping[str, Experiment]] = lambda scale: {}
    theory: Callable[[Scale, Tick], Any] = lambda scale, tick: None
    note: Callable[[Scale], str] = lambda scale: ""
    film: Callable[[FigureInputs], Sequence[Figure]] | None = None
    sweep: bool = False

    def claims(self, inputs: FigureInputs) -> list[Claim]:
        """Check the caption."""
        caption = Caption(self.name, self.grade)
        self.check(inputs, caption)
        return caption.claims


def slug(name: str) -> str:
    """Convert a display name to a part of a claim's name.

    >>> slug("V = 50, 2 layers"), slug("all but questions")
    ('V50-2-layers', 'all-but-questions')
    """
    return sub(r"[ ,]+", "-", name.replace(" = ", ""))

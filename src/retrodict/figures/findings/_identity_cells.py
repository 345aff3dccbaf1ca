"""What the figures about identity sentences share: experiments at an equal number of updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, slug
from retrodict.figures._scales import Scale, Settings
from retrodict.measures import held_out_values, over_learners
from retrodict.plots import Figure, Lines, plot_answers
from retrodict.trace import Recorded

USUAL = 0.7
"""The paper's share of facts taught in full."""

_RECORDS: dict[Scale, int] = {"smoke": 10, "laptop": 30, "paper": 30}

_SMALL = {"n_layer": 2, "n_head": 4, "d_model": 128, "dropout": 0.0}
_MODELS = {"smoke": {**_SMALL, "n_layer": 1, "d_model": 64}, "laptop": _SMALL, "paper": _SMALL}
_VOCAB_SIZES = {"smoke": 120, "laptop": 200, "paper": 800}
_LRS = {"smoke": 0.003, "laptop": 0.001, "paper": 0.001}

UPDATES: dict[Scale, int] = {"smoke": 180, "laptop": 420, "paper": 2520}
"""Gradient steps; at the smaller scales a whole number of epochs."""

_DEEP = {"model.n_layer": 24, "model.n_head": 12, "model.d_model": 768}
"""The paper's model, but not its learning rate; see the finding `lr-depth`."""

_KINDS = {"right": "accuracy", "echo: the question's own entity": "echo", "neither": "neither"}


def cell(task: str, scale: Scale, share: float, changes: Settings) -> Experiment:
    """Return an experiment with a share of facts taught in full and `UPDATES` gradient steps.

    The number of epochs follows from the number of steps (at paper scale to within half an epoch),
    so added sentences do not mean more training.
    """
    experiment = Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": _VOCAB_SIZES[scale], "train_share": share},
            "model": _MODELS[scale],
            "optimizer": {"lr": _LRS[scale]},
            "record": {"controls": True},
        }
    ).changed(changes)
    epochs = round(UPDATES[scale] / experiment.steps_per_epoch)
    return experiment.changed(
        {
            "training.epochs": epochs,
            "record.every": max(1, epochs // _RECORDS[scale]),
            "record.weights_at": [0, epochs],
        }
    )


def key(name: str, share: float) -> str:
    """Return the name of a cell."""
    return f"{name}, share {share:g}"


def last(
    inputs: FigureInputs, name: str, share: float = USUAL, measure: str = "accuracy"
) -> Float[np.ndarray, " learner"]:
    """Return a measure of the held-out questions of a cell at the end."""
    return held_out_values(inputs.traces[key(name, share)], measure)


@dataclass(frozen=True)
class Cells:
    """A grid of experiments.

    Attributes:
        task: its kind.
        rows: name → changed settings.
        deep: rows that at paper scale are also run with 24 layers.
        shares: the columns: shares of facts taught in full.
    """

    task: str
    rows: Mapping[str, Settings]
    deep: Sequence[str]
    shares: Mapping[Scale, tuple[float, ...]]

    def experiments(self, scale: Scale) -> dict[str, Experiment]:
        """Return the experiment of every row and share."""
        return {
            key(name, share): cell(self.task, scale, share, changes)
            for name, changes in self._rows(scale).items()
            for share in self.shares[scale]
        }

    def draw(
        self, inputs: FigureInputs, shares: str, curves: Mapping[tuple[str, str], Lines], title: str
    ) -> Figure:
        """Draw grids of the answers to held-out questions, and curves below."""
        rows, columns = list(self._rows(inputs.scale)), self.shares[inputs.scale]
        grids = {
            kind: np.array([[last(inputs, row, at, measure) for at in columns] for row in rows])
            for kind, measure in _KINDS.items()
        }
        return plot_answers(rows, [f"{at:.0%}" for at in columns], grids, shares, curves, title)

    def never_known(self, caption: Caption, inputs: FigureInputs, name: str, says: str) -> None:
        """Check that a row's held-out accuracy is low at every share; the highest is measured."""
        shares = self.shares[inputs.scale]
        found = {share: over_learners(last(inputs, name, share)) for share in shares}
        at = max(found, key=lambda share: found[share].high)
        caption.at_most(slug(name), f"{name}: {says} (highest: {at:.0%})", found[at], 0.1)

    def _rows(self, scale: Scale) -> Mapping[str, Settings]:
        if scale != "paper":
            return self.rows
        return {**self.rows, **{f"{n}, 24 layers": {**self.rows[n], **_DEEP} for n in self.deep}}


def over_updates(runs: Mapping[str, Recorded], measure: str = "accuracy") -> Lines:
    """Return a measure of the held-out questions over gradient steps, by variant."""
    found = {}
    for name, run in runs.items():
        steps = run.trace.curves["epoch"].values * float(run.experiment.steps_per_epoch)
        found[name] = (steps, run.trace.held_out()[measure].values)
    return found

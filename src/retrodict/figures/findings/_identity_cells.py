"""What the figures about identity sentences share: experiments at an equal number of updates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from retrodict.experiment import Experiment
from retrodict.figures._captions import MEMORISED, Caption, taught_nll
from retrodict.figures._figure import FigureInputs, slug
from retrodict.figures._scales import Scale
from retrodict.measures import held_out_values, over_learners
from retrodict.plots import Grid, Lines
from retrodict.trace import Recorded, Trace

Rows = Mapping[str, tuple[str, ...]]
"""Name of a row → overrides of its experiments."""

USUAL = 0.7
"""The paper's share of facts taught in full."""

_RECORDS: dict[Scale, int] = {"smoke": 10, "laptop": 30, "paper": 30}

_SMALL = {"n_layer": 2, "n_head": 4, "d_model": 128, "dropout": 0.0}
_MODELS = {"smoke": {**_SMALL, "n_layer": 1, "d_model": 64}, "laptop": _SMALL, "paper": _SMALL}
_VOCAB_SIZES = {"smoke": 120, "laptop": 200, "paper": 800}
_LRS = {"smoke": 0.003, "laptop": 0.001, "paper": 0.001}

UPDATES: dict[Scale, int] = {"smoke": 180, "laptop": 420, "paper": 2520}
"""Gradient steps; with up to five steps an epoch, as at the smaller scales, no rest remains."""

DEEP = ("model.n_layer=24", "model.n_head=12", "model.d_model=768")
"""The paper's model; its learning rate is not, see the finding `lr-depth`."""


def cell(task: str, scale: Scale, share: float, *changes: str) -> Experiment:
    """Return an experiment of a share of facts taught in full, with `UPDATES` steps of training.

    Epochs are as many as make that number of steps (at paper scale to within half an epoch), so
    that sentences which are added do not add training.
    """
    experiment = Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": _VOCAB_SIZES[scale], "train_share": share},
            "model": _MODELS[scale],
            "optimizer": {"lr": _LRS[scale]},
            "record": {"controls": True},
        }
    ).with_overrides(*changes)
    epochs = round(UPDATES[scale] / experiment.steps_per_epoch)
    return experiment.changed(
        {
            "training.epochs": epochs,
            "record.every": max(1, epochs // _RECORDS[scale]),
            "record.weights_at": [0, epochs],
        }
    )


def rows(scale: Scale, of: Rows, deep: Sequence[str]) -> Rows:
    """Return the rows of a figure; at paper scale some also with 24 layers."""
    return {**of, **{f"{n}, 24 layers": (*of[n], *DEEP) for n in deep}} if scale == "paper" else of


def cells(task: str, scale: Scale, of: Rows, shares: Sequence[float]) -> dict[str, Experiment]:
    """Return every row at every share of facts taught in full."""
    return {
        key(name, share): cell(task, scale, share, *changes)
        for name, changes in of.items()
        for share in shares
    }


def key(name: str, share: float) -> str:
    """Return the name of one of `cells`."""
    return f"{name}, share {share:g}"


def last(
    inputs: FigureInputs, name: str, share: float = USUAL, measure: str = "accuracy"
) -> Float[np.ndarray, " learner"]:
    """Return a measure of the held-out questions of one of `cells` at the end."""
    return held_out_values(inputs.traces[key(name, share)], measure)


def answers(inputs: FigureInputs, names: Sequence[str], shares: Sequence[float]) -> dict[str, Grid]:
    """Return what the answers to held-out questions are, in grids of rows and shares."""
    kinds = {"right": "accuracy", "echo: the question's own entity": "echo", "neither": "neither"}
    found = {}
    for kind, measure in kinds.items():
        values = np.array([[last(inputs, n, share, measure) for share in shares] for n in names])
        found[kind] = np.nanmean(values, -1), np.nanmin(values, -1), np.nanmax(values, -1)
    return found


def over_updates(runs: Mapping[str, Recorded], measure: str = "accuracy") -> Lines:
    """Return a measure of the held-out questions over gradient steps, by variant."""
    found = {}
    for name, run in runs.items():
        steps = run.trace.curves["epoch"].values * float(run.experiment.steps_per_epoch)
        found[name] = (steps, run.trace.held_out()[measure].values)
    return found


def all_memorised(caption: Caption, traces: Mapping[str, Trace]) -> None:
    """Check that the taught answers are known in every cell; the statement names the worst."""
    found = {cell: over_learners(taught_nll(trace)) for cell, trace in traces.items()}
    worst = max(found, key=lambda cell: found[cell].high)
    says = f"what is taught is memorised in every cell (NLL, dropout off; worst: {worst})"
    caption.at_most("training", says, found[worst], MEMORISED)


def never_known(
    caption: Caption, inputs: FigureInputs, name: str, says: str, shares: Sequence[float]
) -> None:
    """Check that a row's held-out accuracy is low at every share; measures the highest."""
    found = {share: over_learners(last(inputs, name, share)) for share in shares}
    highest = max(found, key=lambda share: found[share].high)
    caption.at_most(slug(name), f"{name}: {says} (highest: {highest:.0%})", found[highest], 0.1)

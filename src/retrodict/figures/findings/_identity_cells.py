"""What the figures about identity sentences share: experiments at an equal number of updates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from retrodict.claims import Claim, at_most
from retrodict.experiment import Experiment
from retrodict.figures._figure import FigureInputs
from retrodict.figures._nll_claims import MEMORISED
from retrodict.figures._scales import Scale
from retrodict.measures import held_out_values, over_learners, taught
from retrodict.plots import Grid, Lines
from retrodict.trace import Recorded, Trace

Rows = Mapping[str, tuple[str, ...]]
"""What a row is called → overrides of its experiments."""

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
    return experiment.with_overrides(
        f"training.epochs={epochs}",
        f"record.every={max(1, epochs // _RECORDS[scale])}",
        f"record.weights_at=[0, {epochs}]",
    )


def rows(scale: Scale, of: Rows, deep: Sequence[str]) -> Rows:
    """Return who has identity sentences → what that changes; at paper scale also 24 layers."""
    return {**of, **{f"{n}, 24 layers": (*of[n], *DEEP) for n in deep}} if scale == "paper" else of


def cells(task: str, scale: Scale, of: Rows, shares: Sequence[float]) -> dict[str, Experiment]:
    """Return every row at every share of facts taught in full."""
    return {
        key(name, share): cell(task, scale, share, *changes)
        for name, changes in of.items()
        for share in shares
    }


def key(name: str, share: float) -> str:
    """Return what one of `cells` is called."""
    return f"{name}, share {share:g}"


def at(inputs: FigureInputs, name: str, share: float) -> Trace:
    """Return the trace of one of `cells`."""
    return inputs.traces[key(name, share)]


def answers(inputs: FigureInputs, names: Sequence[str], shares: Sequence[float]) -> dict[str, Grid]:
    """Return what the answers to held-out questions are, in grids of rows and shares."""
    traces = [[at(inputs, name, share) for share in shares] for name in names]
    return {
        "right": _grid(traces, "accuracy"),
        "echo: the question's own entity": _grid(traces, "echo"),
        "neither": _grid(traces, "neither"),
    }


def over_updates(runs: Mapping[str, Recorded], measure: str = "accuracy") -> Lines:
    """A measure of the held-out questions over gradient steps, by variant."""
    found = {}
    for name, run in runs.items():
        steps = run.trace.curves["epoch"].values * float(run.experiment.steps_per_epoch)
        found[name] = (steps, run.trace.held_out()[measure].values)
    return found


def _grid(traces: Sequence[Sequence[Trace]], measure: str) -> Grid:
    """Mean, smallest and largest learner's value of a measure at the end, in a grid."""
    values = np.array([[held_out_values(trace, measure) for trace in row] for row in traces])
    return np.nanmean(values, -1), np.nanmin(values, -1), np.nanmax(values, -1)


def all_memorised(name: str, traces: Iterable[tuple[str, Trace]]) -> Claim:
    """Check that the taught answers are known in every cell; tells the worst."""
    found = {
        cell: over_learners(taught(trace, "entity_nll").isel(epoch=-1).values)
        for cell, trace in traces
    }
    worst = max(found, key=lambda cell: found[cell].high)
    says = f"what is taught is memorised in every cell (NLL, dropout off; worst: {worst})"
    return at_most(name, says, "O", found[worst], MEMORISED)


def worst_accuracy(name: str, says: str, traces: Mapping[str, Trace], bound: float) -> Claim:
    """Check that held-out accuracy is low in all of these; measures the highest."""
    found = {
        cell: over_learners(held_out_values(trace, "accuracy")) for cell, trace in traces.items()
    }
    highest = max(found, key=lambda cell: found[cell].high)
    return at_most(name, f"{says} (highest: {highest})", "O", found[highest], bound)

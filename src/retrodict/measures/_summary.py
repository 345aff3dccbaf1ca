"""Summaries of a trace: every measure at its last epoch, group by group."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.measures._intervals import Interval, over_learners
from retrodict.measures.groups import MEASURES
from retrodict.trace import Trace


@dataclass(frozen=True)
class Final:
    """One probe group at the last recorded epoch.

    Attributes:
        group: its name.
        trained: whether it was trained on.
        values: measure → the group's mean, over learners. Each is also an attribute: `final.nll`.
    """

    group: str
    trained: bool
    values: Mapping[str, Interval]

    def __getattr__(self, name: str) -> Interval:
        values: Mapping[str, Interval] = self.__dict__.get("values", {})
        if name not in values:
            raise AttributeError(name)
        return values[name]


def final_cells(finals: Sequence[Final]) -> tuple[list[str], list[list[str]]]:
    """Write final values for a table: the columns' titles, and a row of cells for each.

    The NLL of the whole answer has a column only where an answer has several tokens.
    """
    shown = {measure.name: measure.title for measure in MEASURES if measure.title}
    if any(final.entity_nll.mean != final.nll.mean for final in finals):
        shown["nll"] = "first-token NLL"
    else:
        del shown["entity_nll"]
    specs = {measure.name: measure.spec for measure in MEASURES}
    cells = [[format(final.values[name], specs[name]) for name in shown] for final in finals]
    return list(shown.values()), cells


@own_settings()
def final_values(trace: Trace) -> list[Final]:
    """Summarise a trace at its last epoch; held-out groups come last."""
    last = trace.curves.isel(epoch=-1)
    read = {measure.name: measure.read(last) for measure in MEASURES}
    held_out = trace.held_out()["group"].item()
    return [
        Final(
            group=str(group),
            trained=bool(last["trained"].sel(group=group)),
            values={
                name: over_learners(values.sel(group=group).values) for name, values in read.items()
            },
        )
        for group in sorted(last["group"].values, key=lambda name: name == held_out)
    ]


@own_settings()
def taught(trace: Trace, name: str, groups: Sequence[str] | None = None) -> xr.DataArray:
    """Average a curve over the taught questions; one value per learner and epoch.

    Args:
        trace: of any task.
        name: a variable over (learner, epoch, group); where it is NaN for a group, so is the mean.
        groups: only these; by default all that were trained on.
    """
    asked = trace.taught() if groups is None else trace.curves.sel(group=list(groups))
    return asked[name].weighted(asked["questions"]).mean("group", skipna=False)


@own_settings()
def at_end(curve: xr.DataArray) -> Float[np.ndarray, " learner"]:
    """Return a curve over (learner, epoch) at its last epoch, learner by learner."""
    values: np.ndarray = curve.isel(epoch=-1).values
    return values


def held_out_values(trace: Trace, name: str) -> Float[np.ndarray, " learner"]:
    """Return a curve of the held-out questions at the last epoch, learner by learner."""
    return at_end(trace.held_out()[name])


def answer_tokens(trace: Trace) -> int:
    """Return the longest answer's number of tokens; a whole answer's NLL is a sum over them."""
    return max(int(group.answers.shape[1]) for group in trace.experiment.corpus().groups)

"""What a trace comes to: every measure at its last epoch, group by group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from jaxtyping import Float

from retrodict.host import own_settings
from retrodict.measures._intervals import Interval, over_learners
from retrodict.trace import Trace


@dataclass(frozen=True)
class Final:
    """One probe group at the last recorded epoch.

    Attributes:
        group: its name.
        trained: whether it was trained on.
        nll, entity_nll, accuracy, wrong_probability, rank, preference: means over learners of the
            group's means; see `Trace.curves`, and `preference` below.
    """

    group: str
    trained: bool
    nll: Interval
    entity_nll: Interval
    accuracy: Interval
    wrong_probability: Interval
    rank: Interval
    preference: Interval


BEATS_WRONG = (
    "'beats wrong' is how often the truth is likelier than a random wrong answer of its alphabet: "
    "0.5 without knowledge"
)
"""What the last of `final_cells` is."""


def final_cells(finals: Sequence[Final]) -> tuple[list[str], list[list[str]]]:
    """Write final values for a table: the columns' titles, and a line for each of the finals.

    The NLL of the whole answer has a column only where an answer has several tokens.
    """
    columns = {"NLL (nats)": ("nll", ".3f")}
    if any(final.entity_nll.mean != final.nll.mean for final in finals):
        columns = {"first-token NLL": ("nll", ".3f"), "whole-answer NLL": ("entity_nll", ".3f")}
    columns |= {"accuracy": ("accuracy", ".2f"), "rank": ("rank", ".1f")}
    columns |= {"beats wrong": ("preference", ".2f")}
    return list(columns), [
        [format(getattr(final, name), spec) for name, spec in columns.values()] for final in finals
    ]


@own_settings()
def final_values(trace: Trace) -> list[Final]:
    """Summarise a trace at its last epoch; what is held out comes last."""
    last = trace.curves.isel(epoch=-1)
    preferred = preference(last)
    names = ("nll", "entity_nll", "accuracy", "wrong_probability", "rank")
    held_out = trace.held_out()["group"].item()
    return [
        Final(
            group=str(group),
            trained=bool(last["trained"].sel(group=group)),
            **{name: over_learners(last[name].sel(group=group).values) for name in names},
            preference=over_learners(preferred.sel(group=group).values),
        )
        for group in sorted(last["group"].values, key=lambda name: name == held_out)
    ]


@own_settings()
def taught(trace: Trace, name: str, groups: Sequence[str] | None = None) -> xr.DataArray:
    """Average a curve over the questions of what was taught; one value per learner and epoch.

    Args:
        trace: of any task.
        name: a variable over (learner, epoch, group); where it is NaN for a group, so is the mean.
        groups: only these; by default all that were trained on.
    """
    asked = trace.taught() if groups is None else trace.curves.sel(group=list(groups))
    return asked[name].weighted(asked["questions"]).mean("group", skipna=False)


@own_settings()
def held_out_values(trace: Trace, name: str) -> Float[np.ndarray, " learner"]:
    """Return a curve of the held-out questions at the last epoch, learner by learner."""
    values: np.ndarray = trace.held_out()[name].isel(epoch=-1).values
    return values


@own_settings()
def preference(curves: Trace | xr.Dataset) -> xr.DataArray:
    """How often the truth beats a random wrong answer of its alphabet: 0.5 knows nothing.

    Follows from the rank: (alphabet size − rank) / (alphabet size − 1), ties counting half.
    """
    size = np.exp(curves["alphabet_nll"]).round()
    found: xr.DataArray = (size - curves["rank"]) / (size - 1)
    return found.assign_attrs(description="chance that the truth beats a random wrong answer")


def answer_tokens(trace: Trace) -> int:
    """How many tokens an answer has, at most; its whole NLL is a sum over so many."""
    corpus = trace.experiment.corpus()
    return max(int(group.answers.shape[1]) for group in corpus.groups)

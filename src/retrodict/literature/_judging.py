"""What judges of traces share: the groups that were taught, and the one that was not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from retrodict.claims import Compared, Judged, less, more
from retrodict.figures._scales import Scale
from retrodict.measures import Interval, final_values, over_learners
from retrodict.trace import Trace

EXACT, NONE, HALF = 0.99, 0.05, 0.5
"""Accuracies: as good as 1, as good as 0, and the middle."""


def scale_of(fast: bool) -> Scale:
    """The scale of a claim's experiments."""
    return "smoke" if fast else "laptop"


def taught_accuracy(trace: Trace) -> Interval:
    """Share of taught questions answered right at the end, over all taught groups."""
    taught = trace.curves.isel(epoch=-1, group=np.flatnonzero(trace.curves["trained"].values))
    share = taught["accuracy"].weighted(taught["questions"]).mean("group", skipna=False)
    return over_learners(share.values)


def held_out_accuracy(trace: Trace) -> Interval:
    """Share of held-out questions answered right at the end."""
    return final_values(trace)[-1].accuracy


def is_taught(grade: str, trace: Trace, where: str = "") -> Compared:
    """Taught questions are answered right; if not, nothing is said of the others."""
    what = f"{where}share of taught questions answered right"
    return more("taught", what, grade, taught_accuracy(trace), EXACT)


def is_unknown(grade: str, trace: Trace, what: str) -> Compared:
    """Held-out questions are not answered right; the claim is wrong if half of them are."""
    return less("held-out", what, grade, held_out_accuracy(trace), NONE, HALF)


def is_known(grade: str, trace: Trace, what: str) -> Compared:
    """Held-out questions are answered right; the claim is wrong if next to none are."""
    return more("held-out", what, grade, held_out_accuracy(trace), 0.95, NONE)


def judged(trace: Trace, compared: Sequence[Compared], *differs: str) -> Judged:
    """Say on which seeds and model something was compared, and what differs from the source."""
    return Judged(list(compared), seeds=_seeds(trace), grid=_described(trace), differs=differs)


def _described(trace: Trace) -> str:
    """A trace's model and size in a few words."""
    from retrodict.experiment import Experiment

    experiment = Experiment.from_text(trace.attrs["experiment"])
    return (
        f"{experiment.task.kind}, V = {experiment.task.vocab_size}; {experiment.model.summary}; "
        f"{experiment.training.epochs} epochs"
    )


def _seeds(trace: Trace) -> list[int]:
    """The seeds of a trace's learners."""
    return [int(seed) for seed in trace.curves["seed"].values]

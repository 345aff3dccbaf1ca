"""One row of the leaderboard: what a recipe's learners know, what it costs, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np

from retrodict.leaderboard._cells import Cell
from retrodict.measures import (
    SOLVED,
    Broken,
    Interval,
    Share,
    median_censored,
    over_learners,
    preference,
    share_of,
    solved_at,
    splits,
    taught,
    verdict,
)
from retrodict.runs import Run
from retrodict.trace import Trace

At = Literal["updates", "compute"]
"""Points of comparison: after equally many gradient steps, or equally many operations."""
WAYS: tuple[At, ...] = get_args(At)


@dataclass(frozen=True)
class Row:
    """A recipe on a task and model, over its learners.

    Attributes:
        recipe, title, source, column: the recipe, its source, and the column.
        is_bound: whether it is an upper bound or a control.
        is_long: whether only `--full` trains it.
        at: the point of comparison.
        verdict: `broken`, `partly` or `cursed`; see `measures.verdict`.
        is_split: whether some learners solved the task and others know nothing.
        accuracies: every learner's share of held-out questions answered right.
        accuracy, nll: held-out; nll in nats.
        wrong_nll, wrong_accuracy: the same for a wrong answer of the alphabet.
        preference: how often the truth beats a wrong answer.
        rank: of the truth within its alphabet.
        echo, neither: share of answers that repeat the question's entity; share of answers that are
            neither an echo nor right.
        forward_accuracy, forward_nll: on what the task itself teaches.
        forward_lost: plain training's accuracy on what both teach minus this recipe's, seed by
            seed.
        solved: share of learners that answer 90 % or more.
        steps_to_solve: median number of gradient steps until then; NaN if half never do.
        never: how many never do.
        steps, tokens, operations, seconds: spent by one learner up to that point; seconds are for
            all learners on the machine that trained them, None if not known.
        run: the run's name.
    """

    recipe: str
    title: str
    source: str
    column: str
    is_bound: bool
    is_long: bool
    at: At
    verdict: Broken
    is_split: bool
    accuracies: tuple[float, ...]
    accuracy: Interval
    nll: Interval
    wrong_nll: Interval
    wrong_accuracy: Interval
    preference: Interval
    rank: Interval
    echo: Interval
    neither: Interval
    forward_accuracy: Interval
    forward_nll: Interval
    forward_lost: Interval
    solved: Share
    steps_to_solve: float
    never: int
    steps: int
    tokens: int
    operations: float
    seconds: float | None
    run: str

    @property
    def said(self) -> str:
        """The verdict as tables show it; with † if what is taught is not known either."""
        untaught = "" if self.forward_accuracy.mean >= SOLVED else "†"
        return f"{'split' if self.is_split else self.verdict}{untaught}"


def row_of(cell: Cell, run: Run, plain: Run | None, at: At) -> Row:
    """Summarise a finished run as a row of the leaderboard.

    Args:
        cell: the trained cell.
        run: its run.
        plain: the plain recipe's run on the same column, if it was trained.
        at: the point of comparison.
    """
    trace = run.trace
    epochs = trace.curves["epoch"].values
    last = int(epochs[-1])
    if at == "compute":
        last = int(epochs[epochs * cell.operations <= cell.budget][-1])
    share = last / max(int(epochs[-1]), 1)
    asked = trace.held_out().sel(epoch=last)
    forward = _forward(trace)
    accuracy = asked["accuracy"].values
    times = solved_at(trace)
    times = np.where(times <= last, times, np.nan)
    lost = np.full(len(accuracy), np.nan)
    if plain is not None:
        both = [group for group in _forward(plain.trace) if group in forward]
        known = taught(plain.trace, "accuracy", both).isel(epoch=-1)
        lost = known.values - taught(trace, "accuracy", both).sel(epoch=last).values
    return Row(
        recipe=cell.recipe.name,
        title=cell.recipe.title,
        source=cell.recipe.source,
        column=cell.column.name,
        is_bound=cell.recipe.is_bound,
        is_long=cell.recipe.is_long,
        at=at,
        verdict=verdict(accuracy),
        is_split=splits(accuracy),
        accuracies=tuple(float(a) for a in accuracy),
        **{name: over_learners(asked[name].values) for name in _HELD_OUT},
        preference=over_learners(preference(asked).values),
        forward_accuracy=over_learners(taught(trace, "accuracy", forward).sel(epoch=last).values),
        forward_nll=over_learners(taught(trace, "nll", forward).sel(epoch=last).values),
        forward_lost=over_learners(lost),
        solved=share_of(np.nan_to_num(accuracy) >= SOLVED),
        steps_to_solve=median_censored(times) * cell.steps,
        never=int(np.isnan(times).sum()),
        steps=last * cell.steps,
        tokens=last * cell.tokens,
        operations=last * cell.operations,
        seconds=None if run.seconds is None else run.seconds * share,
        run=run.folder.name,
    )


_HELD_OUT = ("accuracy", "nll", "wrong_nll", "wrong_accuracy", "rank", "echo", "neither")


def _forward(trace: Trace) -> list[str]:
    """Return the groups that the task itself teaches and that were trained on."""
    own = trace.experiment.task.groups
    trained = map(str, trace.taught()["group"].values)
    return [name for name in trained if name in own and own[name].role == "taught"]


def facts(row: Row) -> Mapping[str, Any]:
    """Return a row as plain numbers, with the mean and the ends of every interval."""
    found: dict[str, Any] = {}
    for name in Row.__dataclass_fields__:
        value = getattr(row, name)
        if isinstance(value, Interval | Share):
            middle = value.mean if isinstance(value, Interval) else value.value
            found |= {name: middle, f"{name}_low": value.low, f"{name}_high": value.high}
        elif isinstance(value, tuple):
            found[name] = " ".join(f"{a:.3g}" for a in value)
        else:
            found[name] = value
    return found

"""How published claims judge training runs: which questions are answered right at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from retrodict import measures
from retrodict.claims import Claim, Evidence, at_least, at_most
from retrodict.experiment import Experiment
from retrodict.figures._scales import Scale
from retrodict.leaderboard import cells
from retrodict.measures import Interval, final_values, over_learners
from retrodict.trace import Trace

HELD_OUT = "share of held-out questions answered right"
SOLVED = "over ten learners, accuracy at least 0.95 on held-out and 0.99 on taught questions"

Judge = Callable[[Mapping[str, Trace]], Evidence]
Part = Callable[[Trace], Claim]


def scale_of(fast: bool) -> Scale:
    """The scale of a claim's experiments."""
    return "smoke" if fast else "laptop"


def board_runs(*recipes: str, task: str) -> Callable[[bool], Mapping[str, Experiment]]:
    """The leaderboard's experiments of some recipes; those of a test if it is to be fast."""

    def experiments(fast: bool) -> Mapping[str, Experiment]:
        found = cells(recipes, [task], "smoke" if fast else "laptop")
        return {cell.recipe.name: cell.experiment for cell in found}

    return experiments


def taught(grade: str, where: str = "") -> Part:
    """Taught questions are answered right; if not, nothing is said of the others."""
    what = f"{where}share of taught questions answered right"
    return lambda trace: at_least("taught", what, grade, _taught_accuracy(trace), 0.99)


def unknown(grade: str, what: str = HELD_OUT) -> Part:
    """Held-out questions are not answered right; the claim is wrong if half of them are."""
    return lambda trace: at_most("held-out", what, grade, held_out_accuracy(trace), 0.05, 0.5)


def known(grade: str, what: str = HELD_OUT) -> Part:
    """Held-out questions are answered right; the claim is wrong if next to none are."""
    return lambda trace: at_least("held-out", what, grade, held_out_accuracy(trace), 0.95, 0.05)


def judge_run(name: str, *parts: Part, differs: Sequence[str] = ()) -> Judge:
    """Judge the run of one name."""

    def judge(traces: Mapping[str, Trace]) -> Evidence:
        trace = traces[name]
        return judged(trace, [part(trace) for part in parts], differs)

    return judge


def judged(
    trace: Trace, parts: Sequence[Claim], differs: Sequence[str] = (), notes: Sequence[str] = ()
) -> Evidence:
    """Put comparisons together with the seeds, task and model of a run."""
    experiment = trace.experiment
    return Evidence(
        parts,
        seeds=list(experiment.training.seeds),
        grid=f"{experiment.task.kind}, V = {experiment.task.vocab_size}; "
        f"{experiment.model.summary}; {experiment.training.epochs} epochs",
        differs=differs,
        notes=notes,
    )


def held_out_accuracy(trace: Trace) -> Interval:
    """Share of held-out questions answered right at the end."""
    return final_values(trace)[-1].accuracy


def _taught_accuracy(trace: Trace) -> Interval:
    """Share of taught questions answered right at the end, over all taught groups."""
    return over_learners(measures.taught(trace, "accuracy").isel(epoch=-1).values)

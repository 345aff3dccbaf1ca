"""How published claims judge training runs: which questions are answered right at the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from retrodict import measures
from retrodict.claims import Claim, Evidence, at_least, at_most
from retrodict.experiment import Experiment
from retrodict.leaderboard import Scale, cells
from retrodict.measures import Interval, final_values, over_learners
from retrodict.runs import Run
from retrodict.trace import Trace

HELD_OUT = "share of held-out questions answered right"
SOLVED = "over ten learners, accuracy at least 0.95 on held-out and 0.99 on taught questions"

Judge = Callable[[Mapping[str, Run]], Evidence]
Part = Callable[[Trace], Claim]


def board_runs(*recipes: str, task: str) -> Callable[[Scale], Mapping[str, Experiment]]:
    """Return a function from scale to the leaderboard's experiments of some recipes."""
    return lambda scale: {one.recipe.name: one.experiment for one in cells(recipes, [task], scale)}


def judge_run(name: str, *parts: Part, differs: Sequence[str] = (), **others: Part) -> Judge:
    """Return a judge that makes some comparisons of a run, and checks that it knows what is taught.

    Args:
        name: of the run.
        parts: comparisons; the first has the claim's grade.
        differs: how its setting differs from the published one.
        others: another run's name → its comparison.
    """

    def judge(runs: Mapping[str, Run]) -> Evidence:
        trace = runs[name].trace
        claims = [part(trace) for part in parts]
        claims += [part(runs[other].trace) for other, part in others.items()]
        return judged(runs[name], [*claims, taught(trace, claims[0].grade)], differs)

    return judge


def taught(trace: Trace, grade: str, where: str = "") -> Claim:
    """Claim that taught questions are answered right; else the other questions say nothing."""
    right = over_learners(measures.taught(trace, "accuracy").isel(epoch=-1).values)
    what = f"{where}share of taught questions answered right"
    return at_least("taught", what, grade, right, 0.99)


def unknown(grade: str, what: str = HELD_OUT) -> Part:
    """Claim that held-out questions are not answered right; refuted if half of them are."""
    return lambda trace: at_most("held-out", what, grade, held_out_accuracy(trace), 0.05, 0.5)


def known(grade: str, what: str = HELD_OUT, least: float = 0.95, wrong: float = 0.05) -> Part:
    """Claim that held-out questions are answered right; refuted if almost none are."""
    return lambda trace: at_least("held-out", what, grade, held_out_accuracy(trace), least, wrong)


def judged(
    run: Run, parts: Sequence[Claim], differs: Sequence[str] = (), notes: Sequence[str] = ()
) -> Evidence:
    """Combine comparisons with the seeds, task and model of a run."""
    experiment = run.experiment
    return Evidence(
        parts,
        seeds=list(experiment.training.seeds),
        grid=f"{experiment.task.kind}, V = {experiment.task.vocab_size}; "
        f"{experiment.model.summary}; {experiment.training.epochs} epochs",
        differs=differs,
        notes=notes,
    )


def held_out_accuracy(trace: Trace) -> Interval:
    """Return the share of held-out questions answered right at the end."""
    return final_values(trace)[-1].accuracy

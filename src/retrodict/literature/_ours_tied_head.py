"""Ours: tying the output head to the token embedding shifts the validation NLL, not the answers."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.claims import Check, Evidence, at_least
from retrodict.experiment import Experiment
from retrodict.figures._scales import Scale, sweep_experiment
from retrodict.figures.findings._tied_head import HEADS, LOWER
from retrodict.literature._judging import HELD_OUT, judged, taught, unknown
from retrodict.measures import held_out_values, over_learners
from retrodict.papers import OURS
from retrodict.runs import Run


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return the experiment with both heads; they are runs of the figure `tied-head`."""
    cell = sweep_experiment("reversal", scale)
    return {head: cell.changed({"model.tied_head": tied}) for head, tied in HEADS.items()}


def judge(runs: Mapping[str, Run]) -> Evidence:
    """Judge by how many nats tying lowers the validation NLL, seed by seed."""
    traces = {head: runs[head].trace for head in HEADS}
    untied, tied = (held_out_values(trace, "nll") for trace in traces.values())
    says = "nats by which tying lowers the validation NLL, seed by seed"
    parts = [
        at_least("lower", says, "O", over_learners(untied - tied), LOWER, 0.0),
        unknown("O", f"tied: {HELD_OUT}")(traces["tied"]),
        *(taught(trace, "O", f"{head}: ") for head, trace in traces.items()),
    ]
    note = f"validation NLL: untied {over_learners(untied)}, tied {over_learners(tied)}"
    return judged(runs["tied"], parts, notes=[note])


CHECKS = (
    Check(
        name="tied-head",
        title="a tied output head lowers the validation NLL and leaves the curse",
        words="Tying the output head to the token embedding lowers the validation NLL, but "
        "held-out questions are still not answered.",
        source=OURS,
        grade="O",
        setting="The reversal task of arXiv 2405.04669 at small scale, tied and untied.",
        testable="over ten learners, NLL lower by at least 0.1 nats, and accuracy on the unseen "
        "direction at most 0.05",
        experiments=experiments,
        judge=judge,
    ),
)

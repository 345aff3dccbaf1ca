"""Data for the page's scripts, embedded as JSON: each run once, up to a size limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from markupsafe import Markup
from scipy.special import stdtrit

from retrodict.report._render import json_script
from retrodict.report._run_view import RunView

WEIGHTS_BUDGET = 6_500_000
"""Characters of effective weights that a page may hold."""
CURVES_BUDGET = 3_000_000
"""Characters of curves that a page may hold."""


@dataclass(frozen=True)
class Embedded:
    """The elements that hold runs' data, and their ids by run; runs may be left out."""

    scripts: Sequence[Markup]
    ids: Mapping[str, str]

    def shown(self, runs: Mapping[str, RunView]) -> list[dict[str, str]]:
        """List label and id of the runs that a chart can draw."""
        kept = {name: run for name, run in runs.items() if run.name in self.ids}
        return [{"label": name, "id": self.ids[run.name]} for name, run in kept.items()]

    def hints(self, runs: Mapping[str, RunView]) -> list[str]:
        """List what is missing in a chart of these runs, and why."""
        told = [why for run in runs.values() if (why := run.theory)]
        if lost := len(runs) - len(self.shown(runs)):
            told += [f"Curves left out of {lost} of {len(runs)} runs: the file would be too large."]
        return list(dict.fromkeys(told))


def embedded(runs: Mapping[str, RunView]) -> Embedded:
    """Embed what scripts draw, each run once, up to the size limits."""
    ids: dict[str, str] = {}
    scripts: list[Markup] = []
    spent = 0
    weights = shared_out(runs)
    most = max((run.experiment.training.learners for run in runs.values()), default=1)
    for name, run in runs.items():
        own = f"r{len(ids)}"
        script = json_script({**run.chart, "name": name}, f"run-{own}")
        if spent + len(script) > CURVES_BUDGET:
            continue
        spent += len(script)
        ids[name] = own
        scripts.append(script)
        if run.matrices and name in weights:
            kept = run.matrices.learners[: weights[name]]
            learners = [{"learner": i, "seed": seed, "data": data} for i, seed, data in kept]
            content = {**run.matrices.head, "total": run.matrices.total, "learners": learners}
            scripts.append(json_script(content, f"weights-{own}"))
    quantiles = [None, None, *(float(stdtrit(n - 1, 0.975)) for n in range(2, most + 1))]
    return Embedded([json_script(quantiles, "t-quantiles"), *scripts], ids)


def shared_out(runs: Mapping[str, RunView]) -> dict[str, int]:
    """Return how many learners' weights of each run fit: first one per run, then two, …"""
    counts: dict[str, int] = {}
    left = WEIGHTS_BUDGET
    with_weights = {name: run.matrices for name, run in runs.items() if run.matrices}
    for at in range(max((len(m.learners) for m in with_weights.values()), default=0)):
        for name, matrices in with_weights.items():
            fits = at < len(matrices.learners) and counts.get(name, 0) == at
            if fits and len(matrices.learners[at][2]) <= left:
                left -= len(matrices.learners[at][2])
                counts[name] = at + 1
    return counts

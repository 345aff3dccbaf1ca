"""How a run ended: as facts for a program, and as a table for a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.markup import escape
from rich.table import Table

from retrodict.cli._console import Console
from retrodict.cli._provenance import provenance_facts
from retrodict.cli._tables import numbers, ruled_table, words
from retrodict.errors import BadInput, CannotFinish
from retrodict.launch import all_diverged
from retrodict.measures import BEATS_WRONG, final_cells, final_values, over_learners
from retrodict.runs import Run


def refuse_if_all_diverged(runs: Iterable[Run]) -> None:
    """Refuse to end as done if all learners of a run became non-finite."""
    for run in runs:
        if said := all_diverged(run):
            raise CannotFinish(f"{run.folder}: {said}")


def predicted_nll(run: Run) -> dict[str, float] | None:
    """Return the NLL that theory predicts for each group at the end; None if it cannot."""
    if not run.finished or not run.experiment.model.has_theory:
        return None  # before anything is loaded
    from retrodict.theory import predict

    epochs = run.experiment.training.epochs
    last = run.experiment.changed({"record.every": max(epochs, 1), "record.weights_at": []})
    finite = run.trace.curves["diverged_at"].isnull().values
    if not finite.any():
        return None
    try:
        nll = predict(last).curves["nll"].isel(epoch=-1, learner=finite).mean("learner")
    except (BadInput, CannotFinish):
        return None
    return {str(group): float(nll.sel(group=group)) for group in nll["group"].values}


def run_facts(run: Run) -> dict[str, Any]:
    """Return a run's settings, status and final values, for `--json`."""
    facts: dict[str, Any] = {
        "run": str(run.folder),
        "status": run.status,
        "experiment": run.experiment.model_dump(mode="json"),
    }
    if run.finished:
        trace = run.trace
        facts |= provenance_facts(run)
        facts["uniform_nll"] = float(trace.attrs["uniform_nll"])
        loss = trace.curves["training_loss"].isel(epoch=-1).values
        facts["training_loss"] = over_learners(loss)
        facts["diverged_learners"] = int(trace.curves["diverged_at"].notnull().sum())
        facts["final"] = {
            final.group: {"trained": final.trained, **final.values} for final in final_values(trace)
        }
    return facts


def print_final(console: Console, run: Run, theory: Mapping[str, float] | None = None) -> None:
    """Print the table of a run's final values, how to read it, and which learners are missing."""
    console.print(_final_table(run, theory or {}))
    trace = run.trace
    alphabet = float(trace.held_out()["alphabet_nll"])
    console.print(
        f"guessing among all tokens scores {trace.attrs['uniform_nll']:.3f} nats, among the "
        f"answer's alphabet {alphabet:.3f}; rank 1 is best; {BEATS_WRONG}"
    )
    ended = trace.curves["diverged_at"].dropna("learner")
    if ended.size:
        seeds = ", ".join(str(seed) for seed in ended["seed"].values)
        console.print(
            f"[bold red]{ended.size} learners became non-finite[/bold red] (seeds {seeds}) and "
            "are left out"
        )


def _final_table(run: Run, theory: Mapping[str, float]) -> Table:
    trace = run.trace
    learners = int(trace.curves.sizes["learner"])
    epoch = int(trace.curves["epoch"][-1])
    interval = f"mean ± 95 % interval over {learners} learners"
    title = f"{escape(run.folder.name)}\nepoch {epoch}, {interval}"
    finals = final_values(trace)
    names, rows = final_cells(finals)
    if theory:
        at = sum("NLL" in name for name in names)
        names.insert(at, "theory")
        for final, cells in zip(finals, rows, strict=True):
            cells.insert(at, f"{theory[final.group]:.3f}")
    table = ruled_table(*words("group"), *numbers(*names), title=title)
    for final, cells in zip(finals, rows, strict=True):
        table.add_row(escape(final.group), *cells, style=None if final.trained else "bold")
    return table

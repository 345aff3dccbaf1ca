"""What commands print: tables for people, one JSON document for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from rich import box
from rich.markup import escape
from rich.table import Table

from retrodict.cli._console import Console
from retrodict.cli._provenance import answer_facts, provenance_facts, tell_answers
from retrodict.cli._streams import carried
from retrodict.errors import BadInput, CannotFinish
from retrodict.files import dumps
from retrodict.measures import (
    BEATS_WRONG,
    final_cells,
    final_values,
    over_learners,
)
from retrodict.runs import Provenance, Run

if TYPE_CHECKING:
    from retrodict.launch import Answer


def show_result(run: Run, as_json: bool, answers: Mapping[str, Answer]) -> None:
    """Print how a finished run ended, and how it was answered."""
    theory = predicted_nll(run)
    if as_json:
        answered = answer_facts(answers.get(run.folder.name))
        print_json({**run_facts(run), **answered, "theory": theory})
        tell_answers([run], answers, as_json)
        return
    console = Console()
    console.print(final_table(run, theory))
    print_reading_help(console, run)
    if theory:
        console.print(
            "theory: the NLL of the gradient flow at the same time, computed and not trained",
            highlight=False,
        )
    console.print(f"run: {run.folder}", highlight=False, soft_wrap=True, markup=False)
    tell_answers([run], answers, as_json)


def predicted_nll(run: Run) -> dict[str, float] | None:
    """Return the NLL of each group that theory foretells for the end, or None if it cannot."""
    if not run.finished or run.experiment.model.kind not in ("bilinear", "one_layer"):
        return None  # before anything is loaded
    from retrodict.theory import predict

    epochs = run.experiment.training.epochs
    last = run.experiment.with_overrides(f"record.every={max(epochs, 1)}", "record.weights_at=[]")
    finite = run.trace.curves["diverged_at"].isnull().values
    if not finite.any():
        return None
    try:
        nll = predict(last).curves["nll"].isel(epoch=-1, learner=finite).mean("learner")
    except (BadInput, CannotFinish):
        return None
    return {str(group): float(nll.sel(group=group)) for group in nll["group"].values}


def show_list(as_json: bool) -> None:
    """Print what there is."""
    from retrodict.claims import STATEMENTS
    from retrodict.figures import FIGURES, FINDINGS, TABLES, THEORY_FIGURES
    from retrodict.leaderboard import COLUMNS
    from retrodict.literature import PUBLISHED
    from retrodict.recipes import RECIPES

    content: dict[str, list[dict[str, str]]] = {
        "figures": [
            {"name": figure.name, "about": figure.title, "grade": figure.grade}
            for figure in (*FIGURES, *FINDINGS, *THEORY_FIGURES)
        ],
        "tables": [{"name": t.name, "about": t.title, "grade": t.grade} for t in TABLES],
        "statements": [{"name": s.name, "about": s.title, "grade": s.grade} for s in STATEMENTS],
        "published claims": [
            {"name": c.name, "about": c.title, "grade": c.grade} for c in PUBLISHED
        ],
        "recipes": [
            {"name": r.name, "about": f"{r.title}; for {', '.join(r.tasks)}", "source": r.source}
            for r in RECIPES.values()
        ],
        "leaderboard tasks": [{"name": c.name, "about": c.title} for c in COLUMNS],
        **_kinds(),
    }
    if as_json:
        print_json(content)
        return
    console = Console()
    for title, rows in content.items():
        if rows:
            table = Table(title=title, title_justify="left", show_header=False, box=None)
            for row in rows:
                table.add_row(f"  [bold]{row['name']}[/bold]", row["about"], row.get("grade", ""))
            console.print(table)
            console.print()


def show_run(run: Run, as_json: bool) -> None:
    """Print what a run is and how it ended."""
    differences = run.changes()
    if as_json:
        facts = {"made_by": run.made_by, "results_version": run.results_version}
        print_json({**run_facts(run), **facts, "differences": list(map(str, differences))})
        return
    console = Console()
    console.print(run.experiment.to_yaml(), highlight=False, markup=False)
    console.print(f"status    [bold]{run.status}[/bold]", highlight=False)
    for environment in run.made_by:
        said = f"made by   {_described(environment)}"
        console.print(said, highlight=False, markup=False)
    training = run.experiment.training
    console.print(f"seeds     {training.seeds[0]} to {training.seeds[-1]}", highlight=False)
    for event in run.events():
        facts = {k: v for k, v in event.items() if k not in ("time", "event")}
        told = ", ".join(f"{k} {v}" for k, v in facts.items())
        line = f"{event['time']}  {event['event']}  {told}"
        console.print(line, highlight=False, markup=False)
    for consequence in dict.fromkeys(one.consequence for one in differences):
        these = [one.what for one in differences if one.consequence == consequence]
        said = f"made again here, {consequence}: {'; '.join(these)}"
        bold = "" if consequence == "bits should agree" else "bold"
        console.print(said, style=bold, highlight=False, markup=False)
    if Provenance.of(run).code_changed:
        offer = f"'retrodict run {run.folder}/experiment.yaml --out {run.folder.parent} --again'"
        said = f"{offer} trains it anew and says whether the bits are the same"
        console.print(said, highlight=False, markup=False, soft_wrap=True)
    if run.finished:
        console.print(final_table(run, predicted_nll(run)))
        print_reading_help(console, run)


def _described(environment: Mapping[str, Any]) -> str:
    """One line on code, versions and machine; what an older format does not say is left out."""
    versions = environment.get("versions") or {}
    gpu = environment.get("gpu") or {}
    told = [
        f"{name} {versions[name]}" for name in ("retrodict", "torch", "numpy") if name in versions
    ]
    told += [f"Python {environment['python']}"] if environment.get("python") else []
    told += [f"code {environment['code']}"] if environment.get("code") else []
    told += [f"commit {environment['commit'][:12]}"] if environment.get("commit") else []
    told += [str(environment["processor"])] if environment.get("processor") else []
    told += [str(environment["cpu_capability"])] if environment.get("cpu_capability") else []
    told += [str(gpu["name"])] if gpu.get("name") else []
    return ", ".join(told) or "unknown: environment.json was lost"


def print_json(content: Any) -> None:
    """Print one JSON document; what is not finite becomes null."""
    print(carried(dumps(content)))


def run_facts(run: Run) -> dict[str, Any]:
    """What a program wants to know of a run."""
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


def final_table(run: Run, theory: dict[str, float] | None = None) -> Table:
    """How a run ended, group by group."""
    trace = run.trace
    learners = int(trace.curves.sizes["learner"])
    epoch = int(trace.curves["epoch"][-1])
    interval = f"mean ± 95 % interval over {learners} learners"
    title = f"{escape(run.folder.name)}\nepoch {epoch}, {interval}"
    table = Table(title=title, box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    finals = final_values(trace)
    titles, rows = final_cells(finals)
    for title in ("group", *titles[:-3], *(["theory"] if theory else []), *titles[-3:]):
        table.add_column(title, justify="left" if title == "group" else "right", no_wrap=True)
    for final, cells in zip(finals, rows, strict=True):
        foretold = [f"{theory[final.group]:.3f}"] if theory else []
        style = None if final.trained else "bold"
        table.add_row(escape(final.group), *cells[:-3], *foretold, *cells[-3:], style=style)
    return table


def print_reading_help(console: Console, run: Run) -> None:
    """Say how to read `final_table`, and who is missing."""
    trace = run.trace
    alphabet = float(trace.held_out()["alphabet_nll"])
    console.print(
        f"guessing among all tokens scores {trace.attrs['uniform_nll']:.3f} nats, among the "
        f"answer's alphabet {alphabet:.3f}; rank 1 is best; {BEATS_WRONG}",
        highlight=False,
    )
    ended = trace.curves["diverged_at"].dropna("learner")
    if ended.size:
        console.print(
            f"[bold red]{ended.size} learners became non-finite[/bold red] (seeds "
            f"{', '.join(str(seed) for seed in ended['seed'].values)}) and are left out",
            highlight=False,
        )


def _kinds() -> dict[str, list[dict[str, str]]]:
    from retrodict.experiment import Experiment, models_in

    sections = {"tasks": "task", "models": "model", "objectives": "objective"}
    return {
        room: [
            {
                "name": kind.model_fields["kind"].default,
                "about": str(kind.__doc__).splitlines()[0],
            }
            for kind in models_in(Experiment.model_fields[section])
        ]
        for room, section in {**sections, "optimizers": "optimizer"}.items()
    }

"""`retrodict show`: what a run is and how it ended."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodict.cli._console import Console, plain
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._paths import folders_of, place
from retrodict.cli._streams import print_json
from retrodict.cli.commands._command import command

if TYPE_CHECKING:
    from retrodict.runs import Run


@command("show")
def show(
    run: Annotated[
        Path,
        typer.Argument(parser=place, metavar="RUN", help="A folder, or a run's name in the store."),
    ],
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Show what a run is and how it ended.

    \b
      retrodict show reversal-transformer-0123456789ab
      retrodict show mine/reversal-transformer-0123456789ab

    It prints the settings, the versions and the machine that made the run, its log, and its final
    values. If this machine or this code would give other numbers, it says so.
    """
    from retrodict.cli._results import run_facts
    from retrodict.runs import Run

    (folder,), _ = folders_of([run], out)
    found = Run(folder)
    if as_json:
        facts = {"made_by": found.made_by, "results_version": found.results_version}
        differences = list(map(str, found.differences()))
        print_json({**run_facts(found), **facts, "differences": differences})
    else:
        _print(found)


def _print(run: Run) -> None:
    from retrodict.cli._results import predicted_nll, print_final
    from retrodict.runs import Provenance

    differences = run.differences()
    console = Console()
    console.print(plain(run.experiment.to_yaml()))
    console.print(f"status    [bold]{run.status}[/bold]")
    for environment in run.made_by:
        console.print(plain(f"made by   {_described(environment)}"))
    seeds = run.experiment.training.seeds
    console.print(f"seeds     {seeds[0]} to {seeds[-1]}")
    for event in run.events():
        facts = ", ".join(f"{k} {v}" for k, v in event.items() if k not in ("time", "event"))
        console.print(plain(f"{event['time']}  {event['event']}  {facts}"))
    for consequence in dict.fromkeys(one.consequence for one in differences):
        these = [one.what for one in differences if one.consequence == consequence]
        style = "" if consequence == "bits should agree" else "bold"
        console.print(plain(f"trained again here, {consequence}: {'; '.join(these)}", style))
    if Provenance.of(run).code_changed:
        offer = f"'retrodict run {run.folder}/experiment.yaml --out {run.folder.parent} --again'"
        console.say(f"{offer} trains it again and says whether the bits are the same")
    if run.finished:
        print_final(console, run, predicted_nll(run))


def _described(environment: Mapping[str, Any]) -> str:
    """Write code, versions and machine in one line; what an older format lacks is left out."""
    versions = environment.get("versions") or {}
    told = [
        f"{name} {versions[name]}" for name in ("retrodict", "torch", "numpy") if name in versions
    ]
    commit, gpu = environment.get("commit") or "", environment.get("gpu") or {}
    rest = {**environment, "commit": commit[:12], "gpu": gpu.get("name")}
    labels = {"python": "Python ", "code": "code ", "commit": "commit "}
    for key in (*labels, "processor", "cpu_capability", "gpu"):
        if rest.get(key):
            told.append(f"{labels.get(key, '')}{rest[key]}")
    return ", ".join(told) or "unknown: environment.json was lost"

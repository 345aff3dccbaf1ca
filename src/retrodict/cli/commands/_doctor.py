"""`retrodict doctor`: describe this machine, on one screen or as JSON."""

from __future__ import annotations

import dataclasses
import json
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from retrodict.cli._console import Console
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._tables import folded
from retrodict.cli.commands._command import command

_WIDTH = 12  # of names; those of variables are longer


@command("doctor")
def doctor(
    out: Out = STORE,
    as_json: Json = False,
    load_torch: Annotated[
        bool, typer.Option("--torch", help="Load torch as well, and show what it finds.")
    ] = False,
) -> None:
    """Describe this machine, for a bug report.

    \b
      retrodict doctor
      retrodict doctor --out /shared/runs    what the file system of another store can do
      retrodict doctor --json

    Each line says what was found and what follows from it; a problem is marked with "!". To see
    what a file system can do, the command writes to a temporary folder in it.
    """
    from retrodict.doctor import examine

    found = dict(examine(out, load_torch))
    problems = sum(line.problem for lines in found.values() for line in lines)
    if as_json:
        sections = {
            name: [{"name": line.name, **dataclasses.asdict(line)} for line in lines]
            for name, lines in found.items()
        }
        print(json.dumps({"problems": problems, "sections": sections}))  # ASCII: for any terminal
        return
    console = Console()
    for name, lines in found.items():
        console.print(Text(name, style="bold"))
        table = Table.grid(*folded("", "", ""), padding=(0, 1))
        for line in lines:
            text = Text(line.value, style="bold red" if line.problem else "")
            if line.follows:
                text.append(f" → {line.follows}", style="bold")
            table.add_row("!" if line.problem else " ", Text(line.name.ljust(_WIDTH)), text)
        console.print(table)
    many = "1 problem, marked !" if problems == 1 else f"{problems} problems, marked !"
    console.print(Text(many if problems else "no problems", style="bold"))

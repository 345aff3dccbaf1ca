"""`retrodict doctor`: what this machine is like, on one screen or as JSON."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from rich.table import Table
from rich.text import Text

from retrodict.cli._console import Console
from retrodict.doctor import Line, examine

_WIDTH = 12  # of names; those of variables are longer


def show_examination(store: Path, load_torch: bool, as_json: bool) -> None:
    """Print everything that was found; what is a problem is marked."""
    found = dict(examine(store, load_torch))
    problems = sum(line.problem for lines in found.values() for line in lines)
    if as_json:
        sections = {name: list(map(dataclasses.asdict, lines)) for name, lines in found.items()}
        print(json.dumps({"problems": problems, "sections": sections}))  # ASCII: for any terminal
        return
    console = Console()
    for name, lines in found.items():
        console.print(Text(name, style="bold"))
        table = Table.grid(padding=(0, 1))
        for overflow in ("fold", "fold", "fold"):
            table.add_column(overflow=overflow)
        for line in lines:
            table.add_row("!" if line.problem else " ", Text(line.name.ljust(_WIDTH)), _text(line))
        console.print(table)
    many = "1 problem, marked !" if problems == 1 else f"{problems} problems, marked !"
    console.print(Text(many if problems else "no problems", style="bold"))


def _text(line: Line) -> Text:
    text = Text(line.value, style="bold red" if line.problem else "")
    if line.follows:
        text.append(f" → {line.follows}", style="bold")
    return text

"""`retrodict list`: everything that has a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from retrodict.cli._console import Console
from retrodict.cli._options import Json
from retrodict.cli._streams import print_json
from retrodict.cli._tables import folded, words
from retrodict.cli.commands._command import command

Rows = list[dict[str, str]]


@command("list")
def list_all(as_json: Json = False) -> None:
    """List all names: figures, statements, tasks, models, recipes.

    \b
      retrodict list
      retrodict list --json

    \b
    Other commands take these names:
      retrodict reproduce NAME              figures, tables, findings, theory figures
      retrodict verify NAME                 statements
      retrodict verify --published NAME     published claims
      retrodict leaderboard NAME            recipes
      retrodict leaderboard --task NAME     leaderboard tasks

    Tasks, models, objectives, optimizers, data recipes and recipes go into an experiment's YAML.
    The letter at the end of a line says where the statement comes from; see docs/grades.md.
    """
    found = _everything()
    if as_json:
        found["figures"] += found.pop("findings") + found.pop("theory figures")
        print_json(found)
        return
    from retrodict.figures import ALIASES

    also = {name: f" (also: {alias})" for alias, name in ALIASES.items()}
    console = Console()
    for title, rows in found.items():
        columns = (*words(""), *folded("", ""))
        table = Table(*columns, title=title, title_justify="left", show_header=False, box=None)
        for row in rows:
            about = row["about"] + also.get(row["name"], "")
            table.add_row(f"  [bold]{row['name']}[/bold]", about, row.get("grade", ""))
        console.print(table)
        console.print()


def _everything() -> dict[str, Rows]:
    from retrodict.claims import STATEMENTS
    from retrodict.experiment import Experiment, models_in
    from retrodict.figures import FIGURES, FINDINGS, TABLES, THEORY_FIGURES
    from retrodict.leaderboard import COLUMNS
    from retrodict.literature import PUBLISHED
    from retrodict.recipes import RECIPES

    fields = Experiment.model_fields
    (data,) = models_in(fields["data"])
    return {
        "figures": _titled(FIGURES),
        "findings": _titled(FINDINGS),
        "theory figures": _titled(THEORY_FIGURES),
        "tables": _titled(TABLES),
        "statements": _titled(STATEMENTS),
        "published claims": _titled(PUBLISHED),
        "recipes": [
            {"name": r.name, "about": f"{r.title}; for {', '.join(r.tasks)}", "source": r.source}
            for r in RECIPES.values()
        ],
        "leaderboard tasks": [{"name": c.name, "about": c.title} for c in COLUMNS],
        **{
            f"{section}s": [
                {"name": kind.model_fields["kind"].default, "about": _first_line(kind)}
                for kind in models_in(fields[section])
            ]
            for section in ("task", "model", "objective", "optimizer")
        },
        "data recipes": [
            {"name": name, "about": _first_line(kind)}
            for name, field in data.model_fields.items()
            for kind in models_in(field)
        ],
    }


def _titled(ones: Sequence[Any]) -> Rows:
    return [{"name": one.name, "about": one.title, "grade": one.grade} for one in ones]


def _first_line(kind: type) -> str:
    return str(kind.__doc__).splitlines()[0]

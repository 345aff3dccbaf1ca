"""`retrodict reproduce`: choose figures and tables, make them, and print verdicts and files."""

from __future__ import annotations

import dataclasses
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.markup import escape
from rich.table import Table

from retrodict.claims import Claim
from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._provenance import tell_answers
from retrodict.cli._views import final_table, print_json, print_reading_help, run_facts
from retrodict.errors import BadInput, nearest
from retrodict.figures import (
    ALIASES,
    FIGURES,
    FINDINGS,
    TABLES,
    THEORY_FIGURES,
    PaperFigure,
    PaperTable,
    Reproduction,
    Scale,
    reproduce,
    run_experiments,
)
from retrodict.launch import LOCAL, Answer, Launcher, is_local
from retrodict.runs import Store

_KNOWN: dict[str, PaperFigure | PaperTable] = {
    **{figure.name: figure for figure in (*FIGURES, *FINDINGS, *THEORY_FIGURES)},
    **{table.name: table for table in TABLES},
}
_GROUPS: dict[str, tuple[PaperFigure | PaperTable, ...]] = {
    "all": (*FIGURES, *TABLES),
    "findings": FINDINGS,
    "theory": THEORY_FIGURES,
}


@dataclass(frozen=True)
class Done:
    """What was made.

    Attributes:
        figures: with runs, verdicts and files.
        tables: with their files.
    """

    figures: list[Reproduction]
    tables: list[tuple[PaperTable, list[Path]]]


def choose(names: Sequence[str]) -> list[PaperFigure | PaperTable]:
    """Return the figures and tables of these names and groups, each once.

    Raises:
        BadInput: there is nothing of that name.
    """
    wanted: dict[str, PaperFigure | PaperTable] = {}
    for name in names:
        name = ALIASES.get(name, name)
        if name not in _KNOWN and name not in _GROUPS:
            choices = nearest(name, [*_GROUPS, *_KNOWN, *ALIASES])
            raise BadInput(f"{name}: no figure or table of that name; {choices}")
        for one in _GROUPS.get(name) or (_KNOWN[name],):
            wanted[one.name] = one
    return list(wanted.values())


def run_all(
    wanted: Sequence[PaperFigure | PaperTable],
    scale: Scale,
    out: Path,
    progress: Progress,
    launcher: Launcher = LOCAL,
) -> Done:
    """Make one after another; say on stderr how far that is.

    Elsewhere than on this machine, all their experiments run first, as many at a time as can.
    """
    store, done = Store(out), Done([], [])
    if not is_local(launcher):
        figures = [one for one in wanted if isinstance(one, PaperFigure)]
        run_experiments(figures, scale, store, progress, launcher)
    for i, one in enumerate(wanted):
        started = time.monotonic()
        if isinstance(one, PaperTable):
            done.tables.append((one, one.write(store)))
            continue
        made = reproduce(one, scale, store, progress, launcher)
        done.figures.append(made)
        if len(wanted) > 1:
            failed = sum(claim.verdict == "fails" for claim in made.claims)
            verdict = f"{failed} of {len(made.claims)} claims fail" if failed else "claims hold"
            seconds = time.monotonic() - started
            print(f"{i + 1}/{len(wanted)} {one.name}: {verdict}, {seconds:.0f} s", file=sys.stderr)
    return done


def show_reproductions(done: Done, as_json: bool, answers: Mapping[str, Answer]) -> None:
    """Print claims, verdicts, tables and files, and where their numbers come from."""
    _show(done, as_json)
    runs = [run for one in done.figures for run in one.runs.values()]
    tell_answers(runs, answers, as_json)


def _show(done: Done, as_json: bool) -> None:
    if as_json:
        print_json(_facts(done))
        return
    console = Console()
    shown: set[str] = set()
    for one in done.figures:
        for run in one.runs.values() if len(done.figures) <= 4 and len(one.runs) == 1 else ():
            if run.folder.name not in shown:
                shown.add(run.folder.name)
                console.print(final_table(run))
                print_reading_help(console, run)
    if len(done.figures) > 4:
        console.print(_overview(done.figures))
    failing = [claim for one in done.figures for claim in one.claims if claim.verdict == "fails"]
    claims = [claim for one in done.figures for claim in one.claims]
    if shown_claims := claims if len(done.figures) <= 4 else failing:
        console.print(_claims(shown_claims))
    for table, _ in done.tables:
        console.print(_rich(table))
    for fresh, files in _files(done):
        for path in files:
            said = "wrote" if fresh else "unchanged"
            console.print(f"{said} {path}", highlight=False, markup=False, soft_wrap=True)


def _overview(figures: Sequence[Reproduction]) -> Table:
    """One row a figure: how many of its claims hold."""
    table = Table(title=f"figures, {figures[0].scale} scale", title_justify="left", box=None)
    for column in ("figure", "what it shows", "claims that hold"):
        table.add_column(column)
    for one in figures:
        held = sum(claim.verdict != "fails" for claim in one.claims)
        mark = "green" if held == len(one.claims) else "bold red"
        table.add_row(
            f"[bold]{one.figure.name}[/bold]",
            one.figure.title,
            f"[{mark}]{held} of {len(one.claims)}[/{mark}]",
        )
    return table


def _claims(claims: Sequence[Claim]) -> Table:
    """One row a claim: what was predicted, what was measured."""
    table = Table(title="claims")
    for column in ("claim", "predicted", "measured", "grade", "verdict"):
        table.add_column(column, no_wrap=column != "claim")
    for claim in claims:
        mark = {"holds": "green", "fails": "bold red"}.get(claim.verdict, "dim")
        table.add_row(
            escape(f"{claim.name}: {claim.statement}"),
            escape(claim.predicted),
            f"{claim.measured}",
            escape(claim.grade),
            f"[{mark}]{claim.verdict}[/{mark}]",
        )
    return table


def _rich(table: PaperTable) -> Table:
    title = f"{table.title} \\[{table.grade}]"
    shown = Table(title=title, title_justify="left", box=None, padding=(0, 1, 0, 0))
    for i, column in enumerate(table.head):
        shown.add_column(column, style="bold" if i == 0 else None, overflow="fold", no_wrap=i == 0)
    for row in table.rows():
        shown.add_row(*row)
    return shown


def _files(done: Done) -> list[tuple[bool, list[Path]]]:
    """Whether it was made now, and its files."""
    return [
        *((one.fresh, one.files) for one in done.figures),
        *((True, files) for _, files in done.tables),
    ]


def _facts(done: Done) -> dict[str, Any]:
    return {
        "figures": [
            {
                "name": one.figure.name,
                "scale": one.scale,
                **(run_facts(next(iter(one.runs.values()))) if len(one.runs) == 1 else {}),
                "runs": [{"label": label, **run_facts(run)} for label, run in one.runs.items()],
                "claims": [dataclasses.asdict(claim) for claim in one.claims],
                "files": [str(path) for path in one.files],
            }
            for one in done.figures
        ],
        "tables": [
            {
                "name": table.name,
                "head": table.head,
                "rows": table.rows(),
                "files": [str(path) for path in files],
            }
            for table, files in done.tables
        ],
    }

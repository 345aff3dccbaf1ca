"""`retrodict reproduce`: figures and tables, with the verdicts on their claims."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from rich.markup import escape
from rich.table import Column, Table

from retrodict.cli._console import Console
from retrodict.cli._options import STORE, Again, Cpus, Gpus, Json, Out, Slurm, Where, launcher_from
from retrodict.cli._streams import print_json
from retrodict.cli._tables import bare_table, folded, marked, ruled_table, words
from retrodict.cli.commands._command import command
from retrodict.errors import choose

if TYPE_CHECKING:
    from retrodict.claims import Claim
    from retrodict.cli._progress import Progress
    from retrodict.figures import PaperFigure, PaperTable, Reproduction
    from retrodict.launch import Launcher
    from retrodict.runs import Run

ScaleName = Literal["smoke", "laptop", "paper"]

_FEW = 4  # figures, of which every claim is shown


@command("reproduce", trains=True)
def reproduce(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME", help="Figures, tables, or a group: all, findings or theory."
        ),
    ],
    scale: Annotated[
        ScaleName,
        typer.Option(help="How large the trainings are: seconds, minutes, or the paper's own."),
    ] = "laptop",
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = "local",
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Reproduce figures and tables, and check their claims.

    \b
      retrodict reproduce fig1                     about two minutes on two cores
      retrodict reproduce fig1 fig2 --scale smoke  a few seconds
      retrodict reproduce all                      the whole paper, in under half an hour
      retrodict reproduce table2                   the hyper-parameters in effect
      retrodict reproduce findings                 what this project found beyond the paper
      retrodict reproduce theory                   five figures of what theory predicts
      retrodict reproduce all --scale paper        the paper's own sizes; needs a GPU
      retrodict reproduce all --launcher ray       all experiments at once, on a cluster
      retrodict reproduce fig1 --again             train again: are the bits the same as before?

    Figures are written to the store as NAME.png and NAME.pdf, tables as NAME.md and NAME.csv.
    `retrodict list` shows all names.

    After an interruption, the same command continues. Exit code 1: a claim fails.
    """
    from retrodict.cli._progress import Progress
    from retrodict.cli._provenance import tell_answers
    from retrodict.cli._results import refuse_if_all_diverged

    wanted = chosen(names)
    where = launcher_from(launcher, cpus, gpus, slurm, again)
    with Progress() as progress:
        done = _run_all(wanted, scale, out, progress, where)
    if as_json:
        print_json(_facts(done))
    else:
        _show(done)
    tell_answers(list(done.runs), where.answers, as_json)
    refuse_if_all_diverged(done.runs)
    if any(claim.verdict == "fails" for claim in done.claims):
        raise typer.Exit(1)


@dataclass(frozen=True)
class _Done:
    """Figures, with their runs, claims and files; and tables with their files."""

    figures: list[Reproduction]
    tables: list[tuple[PaperTable, list[Path]]]

    @property
    def runs(self) -> Iterator[Run]:
        return (run for one in self.figures for run in one.runs.values())

    @property
    def claims(self) -> list[Claim]:
        return [claim for one in self.figures for claim in one.claims]


def chosen(names: Sequence[str]) -> list[PaperFigure | PaperTable]:
    """Return the figures and tables of these names and groups, each once; refuse unknown names."""
    from retrodict.figures import ALIASES, FIGURES, FINDINGS, TABLES, THEORY_FIGURES

    groups: dict[str, tuple[PaperFigure | PaperTable, ...]] = {
        "all": (*FIGURES, *TABLES),
        "findings": FINDINGS,
        "theory": THEORY_FIGURES,
    }
    single = {one.name: (one,) for group in groups.values() for one in group}
    aliases = {alias: single[name] for alias, name in ALIASES.items()}
    known = {**groups, **single, **aliases}
    asked = choose(names, known, "{}: no figure or table of that name")
    return list({one.name: one for name in asked for one in known[name]}.values())


def _run_all(
    wanted: Sequence[PaperFigure | PaperTable],
    scale: ScaleName,
    out: Path,
    progress: Progress,
    launcher: Launcher,
) -> _Done:
    """Make the figures one after another, with progress on stderr; then the tables.

    On a cluster, all their experiments run first, as many at a time as there is room for.
    """
    from retrodict.figures import PaperFigure, PaperTable, Reproduction, reproduce, run_experiments
    from retrodict.launch import is_local
    from retrodict.runs import Store

    store, made = Store(out), list[Reproduction]()
    figures = [one for one in wanted if isinstance(one, PaperFigure)]
    if not is_local(launcher):
        run_experiments(figures, scale, store, progress, launcher)
    for i, figure in enumerate(figures, start=1):
        started = time.monotonic()
        made.append(reproduce(figure, scale, store, progress, launcher))
        if len(figures) > 1:
            claims = made[-1].claims
            failed = sum(claim.verdict == "fails" for claim in claims)
            verdict = f"{failed} of {len(claims)} claims fail" if failed else "claims hold"
            seconds = time.monotonic() - started
            said = f"{i}/{len(figures)} {figure.name}: {verdict}, {seconds:.0f} s"
            print(said, file=sys.stderr)
    tables = [one for one in wanted if isinstance(one, PaperTable)]
    return _Done(made, [(table, table.write(store)) for table in tables])


def _show(done: _Done) -> None:
    from retrodict.cli._results import print_final

    console = Console()
    if len(done.figures) <= _FEW:
        alone = [run for one in done.figures for run in one.runs.values() if len(one.runs) == 1]
        for run in {run.folder.name: run for run in alone}.values():
            print_final(console, run)
        shown = done.claims
    else:
        console.print(_overview(done.figures))
        shown = [claim for claim in done.claims if claim.verdict == "fails"]
    if shown:
        console.print(_claims(shown))
    for table, _ in done.tables:
        console.print(_as_printed(table))
    made = [(one.fresh, one.files) for one in done.figures]
    for fresh, files in (*made, *((True, files) for _, files in done.tables)):
        for path in files:
            console.say(f"{'wrote' if fresh else 'unchanged'} {path}")


def _overview(figures: Sequence[Reproduction]) -> Table:
    """Return a table with a row for each figure: how many of its claims hold."""
    columns = folded("figure", "what it shows", "claims that hold")
    table = bare_table(*columns, title=f"figures, {figures[0].scale} scale")
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
    """Return a table with a row for each claim: what was predicted, what was measured."""
    rest = words("predicted", "measured", "grade", "verdict")
    table = ruled_table(*folded("claim"), *rest, title="claims")
    for claim in claims:
        table.add_row(
            escape(f"{claim.name}\n{claim.statement}"),
            escape(claim.predicted),
            f"{claim.measured}",
            escape(claim.grade),
            marked(claim.verdict, otherwise="dim"),
        )
    return table


def _as_printed(table: PaperTable) -> Table:
    first = Column(table.head[0], style="bold", no_wrap=True)
    title = f"{table.title} \\[{table.grade}]"
    shown = bare_table(first, *folded(*table.head[1:]), title=title)
    for row in table.rows():
        shown.add_row(*row)
    return shown


def _facts(done: _Done) -> dict[str, Any]:
    from retrodict.cli._results import run_facts

    return {
        "figures": [
            {
                "name": one.figure.name,
                "scale": one.scale,
                **(run_facts(next(iter(one.runs.values()))) if len(one.runs) == 1 else {}),
                "runs": [{"label": label, **run_facts(run)} for label, run in one.runs.items()],
                "claims": one.claims,
                "files": one.files,
            }
            for one in done.figures
        ],
        "tables": [
            {"name": table.name, "head": table.head, "rows": table.rows(), "files": files}
            for table, files in done.tables
        ],
    }

"""`retrodict runs`: what a store holds, whether it is sound, what can go, and how to share it."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

from retrodict.cli._paths import place

app = typer.Typer(
    name="runs",
    rich_markup_mode=None,
    no_args_is_help=True,
    help="""Look after a store of runs.

    \b
      retrodict runs list                             what is there, how far, how large
      retrodict runs verify                           is every file as it was written?
      retrodict runs prune --leftovers                what would be deleted, and how much that frees
      retrodict runs prune --leftovers --yes          delete it
      retrodict runs export --to paper-data           tables to put beside a paper
    """,
)


class TableFormat(str, Enum):  # noqa: UP042 - typer shows a str's values as choices
    """What tables are written as."""

    csv = "csv"
    parquet = "parquet"


Out = Annotated[Path, typer.Option("--out", parser=place, metavar="DIR", help="The store of runs.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on stdout.")]
Names = Annotated[
    list[Path] | None,
    typer.Argument(
        parser=place, metavar="[RUN...]", help="Folders, or names in the store; all if none."
    ),
]
STORE = Path("runs")


@app.command("list")
def list_(out: Out = STORE, as_json: Json = False) -> None:
    """List the runs of a store: status, size, when and by what they were made.

    \b
      retrodict runs list
      retrodict runs list --out mine --json

    Folders that are not ours and runs that are damaged are named as such. Nothing is written.
    """
    from retrodict.cli._runs_list import show_listing

    show_listing(out, as_json)


@app.command()
def verify(names: Names = None, out: Out = STORE, as_json: Json = False) -> None:
    """Check every file of every run: checksums, formats, names, what does not belong there.

    \b
      retrodict runs verify                       the whole store, figures too
      retrodict runs verify 0123456789ab          one run, by the digits in its name
      retrodict runs verify runs/reversal-*

    Nothing is touched; each line says what to do. Exit code 3: something is damaged.
    """
    from retrodict.cli._runs_views import show_problems

    show_problems(names or [], out, as_json)


@app.command()
def prune(
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="Temporary files of killed processes.")
    ] = False,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Runs that were not finished.")
    ] = False,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="Runs of an older results version.")
    ] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="Runs that are damaged.")] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="Final weights; the curves stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete; else it is only listed.")] = False,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Delete what a store does not need; without --yes only say what that would be.

    \b
      retrodict runs prune --leftovers --unfinished
      retrodict runs prune --weights --yes

    Runs that are being trained, files that are not ours and folders that are linked are left alone.
    """
    from retrodict.cli._runs_views import show_pruning

    wanted = {
        "leftovers": leftovers,
        "unfinished": unfinished,
        "outdated": outdated,
        "damaged": damaged,
        "weights": weights,
    }
    show_pruning(wanted, out, yes, as_json)


@app.command()
def export(
    to: Annotated[
        Path, typer.Option("--to", parser=place, metavar="FOLDER", help="The folder to make.")
    ],
    names: Names = None,
    kind: Annotated[TableFormat, typer.Option("--format", help="Of the tables.")] = TableFormat.csv,
    weights: Annotated[
        bool, typer.Option("--weights", help="Effective weights too; they may be large.")
    ] = False,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Write runs as a folder of tidy tables, with their experiments, a README and checksums.

    \b
      retrodict runs export --to paper-data                       every finished run
      retrodict runs export 0123456789ab --to paper-data --weights
      retrodict runs export --to paper-data --format parquet      pip install 'retrodict[parquet]'

    runs.csv has a row a run: every setting, versions, machine. curves.csv has a row a run, learner,
    epoch and group; training.csv a row a run, learner and epoch. Numbers survive to the last bit.
    """
    from retrodict.cli._runs_views import show_export

    show_export(names or [], out, to, kind.value, weights, as_json)

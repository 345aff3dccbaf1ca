"""`retrodict runs export`: runs as tables."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retrodict.cli._console import wide_console
from retrodict.cli._options import STORE, Json, Out, Runs
from retrodict.cli._paths import folders_of, place
from retrodict.cli._streams import print_json
from retrodict.cli._tables import size
from retrodict.cli.commands._command import command
from retrodict.errors import BadInput, CannotFinish

if TYPE_CHECKING:
    from retrodict.runs import Run

TableFormat = Literal["csv", "parquet"]


@command("runs export")
def export_runs(
    to: Annotated[
        Path, typer.Option("--to", parser=place, metavar="FOLDER", help="The folder to write.")
    ],
    names: Runs = None,
    kind: Annotated[TableFormat, typer.Option("--format", help="The tables' format.")] = "csv",
    weights: Annotated[
        bool, typer.Option("--weights", help="Add effective weights, which may be large.")
    ] = False,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Write runs as a folder of tables, to publish with a paper.

    \b
      retrodict runs export --to paper-data                       every finished run
      retrodict runs export 0123456789ab --to paper-data --weights
      retrodict runs export --to paper-data --format parquet      pip install 'retrodict[parquet]'

    runs.csv has a row for each run: settings, versions, machine. curves.csv has a row for each run,
    learner, epoch and group; training.csv, for each run, learner and epoch. Numbers keep every bit.
    The folder also has the experiments, a README and checksums.
    """
    from retrodict.cli._progress import patience
    from retrodict.cli._provenance import tell_outdated
    from retrodict.runs import export, require_empty

    require_empty(to)
    folders, strangers = folders_of(names or [], out)
    runs, left_out = _exportable(folders, out, bool(names))
    command = ["retrodict", "runs", "export", *map(str, names or []), "--to", str(to)]
    command += ["--format", kind] if kind != "csv" else []
    command += [*(["--weights"] if weights else []), "--out", str(out)]
    with patience("export") as tick:
        files = export(runs, to, kind, weights, shlex.join(command), left_out, tick)
    if as_json:
        told = {"folder": to, "runs": [run.folder for run in runs], "files": files}
        rows = [{"run": name, "why": why} for name, why in left_out]
        print_json({**told, "left_out": rows, "passed_over": strangers})
        return
    console = wide_console()
    for name, why in left_out:
        console.say(f"left out: {name}: {why}", style="yellow")
    tell_outdated(runs)
    total = size(sum(path.stat().st_size for path in files))
    console.say(f"wrote {to}: {len(files)} files, {total}; README.md says what they hold")


def _exportable(
    folders: Sequence[Path], root: Path, named: bool
) -> tuple[list[Run], list[tuple[str, str]]]:
    """Return the finished runs, and why the others are left out; refuse others that are named."""
    from retrodict.runs import Run

    runs: dict[str, Run] = {}
    left_out = []
    for folder in folders:
        run = Run(folder)
        if not named and not run.exists:
            continue
        try:
            if not run.finished:
                raise BadInput(f"{folder}: is {run.status} and not finished: it has no curves yet")
            _ = run.experiment, run.made_by, run.trace
        except (BadInput, CannotFinish) as error:
            if named:
                raise
            left_out.append((folder.name, str(error).removeprefix(f"{folder}: ")))
            continue
        if runs.setdefault(folder.name, run).folder.resolve() != folder.resolve():
            raise BadInput(f"{folder}: there are two runs of this name; export one of them")
        runs[folder.name] = Run(folder)  # without the trace in memory
    if not runs:
        raise BadInput(f"{root}: holds no finished run that could be exported")
    return list(runs.values()), left_out

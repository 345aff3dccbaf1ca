"""What `retrodict runs verify`, `prune` and `export` print."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from retrodict.cli._console import Console, plain
from retrodict.cli._runs_common import console_of, folders_of, patience, require_store, size
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import RESULTS_VERSION
from retrodict.runs import (
    FAILING,
    SELECTIONS,
    Export,
    Problem,
    Run,
    Victim,
    check_run,
    check_store,
    export,
    plan,
    require_empty,
)
from retrodict.runs import prune as delete


def show_problems(names: Sequence[Path], root: Path, as_json: bool) -> None:
    """Print what is wrong, a row each.

    Raises:
        BadInput: there is no such run or store.
        CannotFinish: something is damaged.
    """
    chosen, strangers = folders_of(names, root, bare=True)
    problems: list[Problem] = [] if names else check_store(root)
    with patience("verify") as tick:
        for i, folder in enumerate(chosen):
            tick(folder.name, i / len(chosen))
            problems += check_run(folder)
    failing = [problem for problem in problems if problem.kind in FAILING]
    problems = [*failing, *(problem for problem in problems if problem not in failing)]
    if as_json:
        rows = [{**dataclasses.asdict(p), "where": str(p.where)} for p in problems]
        told = {"looked_at": len(chosen), "sound": not failing, "problems": rows}
        print_json({**told, "passed_over": [str(path) for path in strangers]})
    else:
        console = console_of()
        if problems:
            console.print(_problem_table(problems))
        kind = "run" if names else "folder"
        bad = "it is bad" if len(problems) == 1 else f"{len(failing)} of them bad"
        said = bad if failing else "nothing is damaged"
        plural = "" if len(chosen) == 1 else "s"
        remarks = "1 remark" if len(problems) == 1 else f"{len(problems)} remarks"
        console.print(
            f"{len(chosen)} {kind}{plural} looked at, {remarks}: {said}",
            highlight=False,
        )
    if failing:
        first = failing[0]
        more = f"; and {len(failing) - 1} more" if len(failing) > 1 else ""
        raise CannotFinish(f"{first.where}: {first.kind}: {first.what}; {first.remedy}{more}")


def _problem_table(problems: Sequence[Problem]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in ("where", "kind", "what", "what to do"):
        table.add_column(column, overflow="fold", no_wrap=column == "kind")
    for one in problems:
        style = "bold red" if one.kind in FAILING else ""
        cells = (str(one.where), one.kind, one.what, one.remedy)
        table.add_row(*(plain(cell, style=style) for cell in cells))
    return table


def show_pruning(wanted: Mapping[str, bool], root: Path, yes: bool, as_json: bool) -> None:
    """Print what is, or would be, deleted.

    Args:
        wanted: whether each of `SELECTIONS` is chosen.
        root: the store.
        yes: whether to delete.
        as_json: whether to print one JSON document.

    Raises:
        BadInput: nothing was chosen, or there is no such store.
        CannotFinish: it cannot be deleted.
    """
    chosen = {name for name in SELECTIONS if wanted[name]}
    if not chosen:
        choices = ", ".join(f"--{name} ({about})" for name, about in SELECTIONS.items())
        raise BadInput(f"runs prune: choose what to delete: {choices}")
    require_store(root)
    with patience("prune") as tick:
        notes: set[str] = set()
        found = delete(root, chosen, tick, notes.add) if yes else plan(root, chosen, tick)
    for note in notes:
        print(note, file=sys.stderr)
    freed = sum(one.bytes for one in found)
    if as_json:
        rows = [
            {"path": str(v.path), "why": v.why, "bytes": v.bytes, "used_by": list(v.used_by)}
            for v in found
        ]
        print_json({"deleted": yes, "bytes": freed, "selected": rows})
        return
    console = console_of()
    if found:
        console.print(_victim_table(found))
    said = "deleted" if yes else "would be deleted"
    console.print(f"{len(found)} {said}, which gives back {size(freed)}", highlight=False)
    if found and not yes:
        console.print("nothing was touched: add --yes to delete", style="bold")


def _victim_table(found: Sequence[Victim]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    for column in ("what", "why", "size", "drawn in"):
        table.add_column(column, justify="right" if column == "size" else "left", overflow="fold")
    for one in found:
        cells = (str(one.path), one.why, size(one.bytes), ", ".join(one.used_by))
        table.add_row(*map(plain, cells))
    return table


def show_export(
    names: Sequence[Path], root: Path, to: Path, kind: Any, weights: bool, as_json: bool
) -> None:
    """Write runs as tables, and print what was written.

    Raises:
        BadInput: a run that is asked for is not finished, or the folder is there.
        CannotFinish: a run that is asked for is damaged, or the disk is full.
    """
    require_empty(to)
    folders, strangers = folders_of(names, root)
    runs, left_out = _exportable(folders, root, bool(names))
    command = ["retrodict", "runs", "export", *map(str, names), "--to", str(to)]
    command += ["--format", kind] if kind != "csv" else []
    command += [*(["--weights"] if weights else []), "--out", str(root)]
    asked = Export(runs, to, kind, weights, shlex.join(command), left_out)
    with patience("export") as tick:
        files = export(asked, tick)
    if as_json:
        rows = [{"run": name, "why": why} for name, why in left_out]
        told = {"runs": [str(run.folder) for run in runs], "files": [str(path) for path in files]}
        passed_over = [str(path) for path in strangers]
        print_json({"folder": str(to), **told, "left_out": rows, "passed_over": passed_over})
        return
    console = console_of()
    for name, why in left_out:
        console.print(plain(f"left out: {name}: {why}", style="yellow"), soft_wrap=True)
    print_outdated(console, runs)
    total = sum(path.stat().st_size for path in files)
    said = f"wrote {to}: {len(files)} files, {size(total)}; README.md says what they hold"
    console.print(said, highlight=False, markup=False, soft_wrap=True)


def print_outdated(console: Console, runs: Sequence[Run]) -> None:
    """Say which runs are of another results version than this code's."""
    for run in runs:
        if run.results_version != RESULTS_VERSION:
            said = (
                f"{run.folder.name} has results version {run.results_version or 'unknown'}, this "
                f"code {RESULTS_VERSION}: made again, its numbers differ"
            )
            console.print(plain(said, style="bold"), soft_wrap=True)


def _exportable(
    folders: Sequence[Path], root: Path, named: bool
) -> tuple[list[Run], list[tuple[str, str]]]:
    """Return the finished runs, and if nobody named them, why the others are left out."""
    runs: dict[str, Run] = {}
    left_out = []
    for folder in folders:
        if not named and not Run(folder).exists:
            continue
        run = Run(folder)
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

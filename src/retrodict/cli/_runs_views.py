"""What `retrodict runs` prints."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodict._json import dumps
from retrodict.errors import BadInput, CannotFinish, nearest
from retrodict.experiment import RESULTS_VERSION
from retrodict.runs import (
    FAILING,
    SELECTIONS,
    Export,
    Listed,
    Problem,
    Run,
    Victim,
    check_run,
    check_store,
    export,
    folders,
    listed,
    open_run,
    plan,
    require_empty,
)
from retrodict.runs import prune as delete

_PATIENCE_SECONDS = 2.0
_WIDE = 200  # where nobody's terminal sets a width


def show_listing(root: Path, as_json: bool) -> None:
    """Print a row a folder of a store.

    Raises:
        BadInput: there is no such folder.
    """
    _require_store(root)
    found = []
    with _patience("runs") as tick:
        all_folders = folders(root)
        for i, folder in enumerate(all_folders):
            tick(folder.name, i / len(all_folders))
            found.append(listed(folder))
    if as_json:
        _print_json({"store": str(root), "runs": [dataclasses.asdict(one) for one in found]})
        return
    console = _console()
    if not found:
        console.print(f"{root}: holds no runs", highlight=False, markup=False, soft_wrap=True)
        return
    console.print(_fitting(console, found))
    for one in found:
        if one.problem:
            console.print(Text(one.problem, style="bold red"), soft_wrap=True)
    console.print(_summary(found), highlight=False)


def _fitting(console: Console, found: Sequence[Listed]) -> Table:
    """Make the table, without the columns that matter least where there is no room."""
    from retrodict.cli._compare import fits

    optional = ["made by", "finished", "layers ×\nwidth", "V"]
    for dropped in range(len(optional) + 1):
        table = _listing(found, set(optional[:dropped]))
        if fits(table, console):
            break
    return table


def _listing(found: Sequence[Listed], without: set[str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    right = ("V", "layers ×\nwidth", "learners", "epochs", "size")
    columns = ("run", "status", *right, "finished", "made by")
    kept = [i for i, column in enumerate(columns) if column not in without]
    for i in kept:
        numbers = columns[i] in right
        table.add_column(columns[i], justify="right" if numbers else "left", no_wrap=True)
    for one in found:
        cells = _cells(one)
        table.add_row(*(cells[i] for i in kept))
    return table


def _cells(one: Listed) -> list[Text]:
    settings, epochs = one.settings, one.settings.get("training.epochs")
    layers, width = settings.get("model.n_layer"), settings.get("model.d_model")
    done = "?" if one.epochs_done is None else one.epochs_done
    style = {"damaged": "bold red", "newer": "bold red", "foreign": "dim", "finished": ""}
    return [
        Text(one.name, style="bold" if settings else "dim"),
        Text(one.status, style=style.get(one.status, "bold yellow")),
        Text(str(settings.get("task.vocab_size", ""))),
        Text(f"{layers}×{width}" if layers else str(width or "")),
        Text(str(settings.get("training.learners", ""))),
        Text("" if epochs is None else f"{done}/{epochs}"),
        Text(size(one.bytes)),
        Text(one.finished_at[:16].replace("T", " ")),
        _made_by(one),
    ]


def _made_by(one: Listed) -> Text:
    outdated = one.results_version is not None and one.results_version < RESULTS_VERSION
    said = f"{one.made_by}, results version {one.results_version}" if outdated else one.made_by
    return Text(said, style="bold yellow" if outdated else "")


def _summary(found: Sequence[Listed]) -> str:
    count: dict[str, int] = {}
    for one in found:
        count[one.status] = count.get(one.status, 0) + 1
    told = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    return f"{told}; {size(sum(one.bytes for one in found))}"


def show_problems(names: Sequence[str], root: Path, as_json: bool) -> None:
    """Print what is wrong, a row each.

    Raises:
        BadInput: there is no such run or store.
        CannotFinish: something is damaged.
    """
    chosen = _folders_of(names, root)
    problems: list[Problem] = [] if names else check_store(root)
    with _patience("verify") as tick:
        for i, folder in enumerate(chosen):
            tick(folder.name, i / len(chosen))
            problems += check_run(folder)
    failing = [problem for problem in problems if problem.kind in FAILING]
    problems = [*failing, *(problem for problem in problems if problem not in failing)]
    if as_json:
        rows = [{**dataclasses.asdict(p), "where": str(p.where)} for p in problems]
        _print_json({"looked_at": len(chosen), "sound": not failing, "problems": rows})
    else:
        console = _console()
        if problems:
            console.print(_problem_table(problems))
        kind = "run" if names else "folder"
        said = f"{len(failing)} of them bad" if failing else "nothing is damaged"
        plural = "" if len(chosen) == 1 else "s"
        console.print(
            f"{len(chosen)} {kind}{plural} looked at, {len(problems)} remarks: {said}",
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
        table.add_row(*(Text(cell, style=style) for cell in cells))
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
    _require_store(root)
    with _patience("prune") as tick:
        found = delete(root, chosen, tick) if yes else plan(root, chosen, tick)
    freed = sum(one.bytes for one in found)
    if as_json:
        rows = [
            {"path": str(v.path), "why": v.why, "bytes": v.bytes, "used_by": list(v.used_by)}
            for v in found
        ]
        _print_json({"deleted": yes, "bytes": freed, "selected": rows})
        return
    console = _console()
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
        table.add_row(*map(Text, cells))
    return table


def show_export(
    names: Sequence[str], root: Path, to: Path, kind: Any, weights: bool, as_json: bool
) -> None:
    """Write runs as tables, and print what was written.

    Raises:
        BadInput: a run that is asked for is not finished, or the folder is there.
        CannotFinish: a run that is asked for is damaged, or the disk is full.
    """
    require_empty(to)
    runs, left_out = _exportable(names, root)
    command = ["retrodict", "runs", "export", *names, "--to", str(to)]
    command += ["--format", kind] if kind != "csv" else []
    command += [*(["--weights"] if weights else []), "--out", str(root)]
    asked = Export(runs, to, kind, weights, shlex.join(command), left_out)
    with _patience("export") as tick:
        files = export(asked, tick)
    if as_json:
        rows = [{"run": name, "why": why} for name, why in left_out]
        told = {"runs": [str(run.folder) for run in runs], "files": [str(path) for path in files]}
        _print_json({"folder": str(to), **told, "left_out": rows})
        return
    console = _console()
    for name, why in left_out:
        console.print(Text(f"left out: {name}: {why}", style="yellow"), soft_wrap=True)
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
            console.print(Text(said, style="bold"), soft_wrap=True)


def _exportable(names: Sequence[str], root: Path) -> tuple[list[Run], list[tuple[str, str]]]:
    """Return the finished runs, and of those that nobody named, why the others are left out."""
    runs: dict[str, Run] = {}
    left_out = []
    for folder in _folders_of(names, root):
        if not names and not Run(folder).exists:
            continue
        run = open_run(folder)
        try:
            if not run.finished:
                raise BadInput(f"{folder}: is {run.status} and not finished: it has no curves yet")
            _ = run.experiment, run.made_by, run.trace
        except (BadInput, CannotFinish) as error:
            if names:
                raise
            left_out.append((folder.name, str(error).removeprefix(f"{folder}: ")))
            continue
        if runs.setdefault(folder.name, run).folder.resolve() != folder.resolve():
            raise BadInput(f"{folder}: there are two runs of this name; export one of them")
        runs[folder.name] = Run(folder)  # without the trace in memory
    if not runs:
        raise BadInput(f"{root}: holds no finished run that could be exported")
    return list(runs.values()), left_out


def _folders_of(names: Sequence[str], root: Path) -> list[Path]:
    """Return the folders of these runs; all of the store for none.

    A name is a folder, the name of one in the store, or the digits in its name.
    """
    if not names:
        _require_store(root)
        return folders(root)
    found = []
    for name in names:
        if Path(name).is_dir():
            found.append(Path(name))
            continue
        known = folders(root)
        fitting = [f for f in known if name in (f.name, f.name.rpartition("-")[2])]
        if len(fitting) != 1:
            raise BadInput(
                f"{name}: no run of that name in {root}; "
                + (nearest(name, (f.name for f in known)) if known else "it holds none")
            )
        found += fitting
    return list(dict.fromkeys(found))


def _require_store(root: Path) -> None:
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; give the store of runs with --out")


def size(count: int) -> str:
    """Write a number of bytes.

    >>> size(999), size(1234567)
    ('999 B', '1.2 MB')
    """
    number, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


def _print_json(content: Any) -> None:
    print(dumps(content))


class _Tick:
    """Shows progress once something has taken longer than a person waits gladly."""

    def __init__(self, what: str, stack: contextlib.ExitStack) -> None:
        self.what, self.stack, self.started = what, stack, time.monotonic()
        self.progress: Any = None

    def __call__(self, name: str, share: float) -> None:
        if self.progress is None and time.monotonic() - self.started > _PATIENCE_SECONDS:
            from retrodict.cli._progress import Progress

            self.progress = self.stack.enter_context(Progress())
        if self.progress is not None:
            self.progress.working(f"{self.what} {name[-12:]}", share)


@contextlib.contextmanager
def _patience(what: str) -> Iterator[_Tick]:
    with contextlib.ExitStack() as stack:
        yield _Tick(what, stack)

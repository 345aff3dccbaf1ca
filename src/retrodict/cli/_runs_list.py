"""`retrodict runs list`: a row a folder of a store."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rich import box
from rich.table import Table
from rich.text import Text

from retrodict.cli._compare import fits
from retrodict.cli._console import Console, plain
from retrodict.cli._runs_common import console_of, patience, require_store, size
from retrodict.cli._views import print_json
from retrodict.experiment import RESULTS_VERSION
from retrodict.runs import Listed, folders, listed


def show_listing(root: Path, as_json: bool) -> None:
    """Print a row a folder of a store.

    Raises:
        BadInput: there is no such folder.
    """
    require_store(root)
    found = []
    with patience("runs") as tick:
        all_folders = folders(root)
        for i, folder in enumerate(all_folders):
            tick(folder.name, i / len(all_folders))
            found.append(listed(folder))
    if as_json:
        print_json({"store": str(root), "runs": [dataclasses.asdict(one) for one in found]})
        return
    console = console_of()
    if not found:
        console.print(f"{root}: holds no runs", highlight=False, markup=False, soft_wrap=True)
        return
    console.print(_fitting(console, found))
    for one in found:
        if one.problem:
            console.print(plain(one.problem, style="bold red"), soft_wrap=True)
    console.print(_summary(found), highlight=False)


def _fitting(console: Console, found: Sequence[Listed]) -> Table:
    """Make the table, without the columns that matter least where there is no room."""
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
        plain(one.name, style="bold" if settings else "dim"),
        plain(one.status, style=style.get(one.status, "bold yellow")),
        plain(str(settings.get("task.vocab_size", ""))),
        plain(f"{layers}×{width}" if layers else str(width or "")),
        plain(str(settings.get("training.learners", ""))),
        plain("" if epochs is None else f"{done}/{epochs}"),
        plain(size(one.bytes)),
        plain(one.finished_at[:16].replace("T", " ")),
        _made_by(one),
    ]


def _made_by(one: Listed) -> Text:
    outdated = one.results_version is not None and one.results_version < RESULTS_VERSION
    said = f"{one.made_by}, results version {one.results_version}" if outdated else one.made_by
    return plain(said, style="bold yellow" if outdated else "")


def _summary(found: Sequence[Listed]) -> str:
    count: dict[str, int] = {}
    for one in found:
        count[one.status] = count.get(one.status, 0) + 1
    told = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    return f"{told}; {size(sum(one.bytes for one in found))}"

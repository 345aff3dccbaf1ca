"""`retrodict runs list`: one row per folder of a store."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from retrodict.cli._console import plain, wide_console
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._paths import require_store
from retrodict.cli._streams import print_json
from retrodict.cli._tables import fitting, numbers, ruled_table, size, words
from retrodict.cli.commands._command import command

if TYPE_CHECKING:
    from retrodict.runs import Listed

_NUMBERS = ("V", "layers ×\nwidth", "learners", "epochs", "size")
_COLUMNS = ("run", "status", *_NUMBERS, "finished", "made by")
_OPTIONAL = ("made by", "finished", "layers ×\nwidth", "V", "learners", "size")
"""Columns that are left out on a narrow terminal, in this order."""
_STYLES = {"damaged": "bold red", "newer": "bold red", "foreign": "dim", "finished": ""}


@command("runs list")
def list_runs(out: Out = STORE, as_json: Json = False) -> None:
    """List the runs of a store.

    \b
      retrodict runs list
      retrodict runs list --out mine --json

    Each row shows a run's status, sizes, when it was finished and which version made it. Damaged
    runs and folders that are not runs are marked. Nothing is written.
    """
    from retrodict.cli._progress import patience
    from retrodict.runs import folders, listed

    require_store(out)
    found = []
    with patience("runs") as tick:
        all_folders = folders(out)
        for i, folder in enumerate(all_folders):
            tick(folder.name, i / len(all_folders))
            found.append(listed(folder))
    if as_json:
        print_json({"store": out, "runs": found})
        return
    console = wide_console()
    if not found:
        console.say(f"{out}: holds no runs")
        return
    fewer = (_table(found, _OPTIONAL[:count]) for count in range(len(_OPTIONAL) + 1))
    console.print(fitting(console, fewer))
    for one in found:
        if one.problem:
            console.say(one.problem, style="bold red")
    count = Counter(one.status for one in found)
    told = ", ".join(f"{number} {status}" for status, number in sorted(count.items()))
    console.print(f"{told}; {size(sum(one.bytes for one in found))}")


def _table(found: Sequence[Listed], without: Sequence[str]) -> Table:
    kept = [column for column in _COLUMNS if column not in without]
    table = ruled_table(*(c for k in kept for c in (numbers if k in _NUMBERS else words)(k)))
    for one in found:
        cells = dict(zip(_COLUMNS, _cells(one), strict=True))
        table.add_row(*(plain(*cells[column]) for column in kept))
    return table


def _cells(one: Listed) -> list[tuple[str, str]]:
    """Return the text and the style of every column."""
    from retrodict.experiment import RESULTS_VERSION

    settings, epochs = one.settings, one.settings.get("training.epochs")
    layers, width = settings.get("model.n_layer"), settings.get("model.d_model")
    done = "?" if one.epochs_done is None else one.epochs_done
    outdated = one.results_version is not None and one.results_version < RESULTS_VERSION
    version = f", results version {one.results_version}" if outdated else ""
    return [
        (one.name, "bold" if settings else "dim"),
        (one.status, _STYLES.get(one.status, "bold yellow")),
        (str(settings.get("task.vocab_size", "")), ""),
        (f"{layers}×{width}" if layers else str(width or ""), ""),
        (str(settings.get("training.learners", "")), ""),
        ("" if epochs is None else f"{done}/{epochs}", ""),
        (size(one.bytes), ""),
        (one.finished_at[:16].replace("T", " "), ""),
        (f"{one.made_by}{version}", "bold yellow" if outdated else ""),
    ]

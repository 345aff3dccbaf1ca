"""`retrodict compare`: where runs differ, how each ended, and a drawing of both."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from retrodict.cli._console import Console, plain
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._paths import folders_of, place, require_file, told_apart
from retrodict.cli._streams import print_json
from retrodict.cli._tables import (
    NUMBERS,
    READING,
    final_numbers,
    fitting,
    folded,
    numbers,
    ruled_table,
    words,
)
from retrodict.cli.commands._command import command
from retrodict.errors import BadInput, CannotFinish

if TYPE_CHECKING:
    from retrodict.runs import Run

_MOST_COLUMNS = 4
_OFFER = "'retrodict run RUN/experiment.yaml --out STORE --again' trains one again and compares"
_SUFFIXES = (".png", ".pdf")


@command("compare")
def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(parser=place, metavar="RUN", help="Folders, or names of runs in the store."),
    ],
    plot: Annotated[
        Path | None,
        typer.Option(
            "--plot", parser=place, metavar="FILE", help="Draw them to a .png or .pdf file."
        ),
    ] = None,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Compare runs: the settings that differ, and the results.

    \b
      retrodict compare runs/*/
      retrodict compare runs/*/ --plot grid.png    draw NLL against the settings that differ

    Other folders and files that a pattern like runs/* matches are skipped.
    """
    from retrodict.cli._provenance import tell_changed, tell_outdated
    from retrodict.runs import Run

    if plot is not None:
        require_file(plot, "--plot", _SUFFIXES)
    folders, strangers = folders_of(runs, out)
    found, damaged = _readable([Run(folder) for folder in folders])
    rows, differ = _rows(found)
    ordered = _sorted(rows)
    if plot is not None:
        _draw(ordered, plot)
    finished = [run for run in found if run.finished]
    if as_json:
        settings = [{key: row.settings.get(key) for key in differ} for row in rows]
        shown = [{**row.facts, "settings": s} for row, s in zip(rows, settings, strict=True)]
        told = {"differ": differ, "runs": shown, "damaged": damaged, "passed_over": strangers}
        print_json(told if plot is None else {**told, "files": [plot]})
        tell_changed(finished, as_json, _OFFER)
        return
    _print(ordered, differ)
    tell_outdated(found)
    tell_changed(finished, as_json, _OFFER)
    for why in damaged:
        Console().say(why, style="bold red")
    if plot is not None:
        Console().say(f"wrote {plot}")


def _readable(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Return the runs that can be read, one at least, and what is wrong with the others."""
    readable, damaged = [], []
    for run in runs:
        try:
            _ = run.experiment, run.finished and run.trace
        except CannotFinish as error:
            damaged.append(str(error))
        else:
            readable.append(run)
    if not readable:
        raise CannotFinish(damaged[0])
    return readable, damaged


@dataclass(frozen=True)
class _Row:
    """One run of a comparison: a unique name, how it ended, the settings that differ."""

    name: str
    run: Run
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]

    def text(self, key: str) -> str:
        """Return a setting in YAML notation; "" if the run has no such setting."""
        return _text(self.settings, key)

    @property
    def unusable(self) -> str:
        """Why it has no final values; "" if it has."""
        if self.facts["status"] != "finished":
            return f"is not finished ({self.facts['status']})"
        lost = self.facts["diverged_learners"]
        if lost == self.facts["experiment"]["training"]["learners"]:
            return f"failed: all {lost} learners became non-finite"
        return ""


def _rows(runs: Sequence[Run]) -> tuple[list[_Row], list[str]]:
    """Return a row for each run, and the settings that differ."""
    from retrodict.cli._results import run_facts

    facts = [run_facts(run) for run in runs]
    names = told_apart([short_id(run.folder) for run in runs], [run.folder for run in runs])
    every = [
        {
            f"{section}.{key}": value
            for section, part in sections.items()
            for key, value in part.items()
        }
        for sections in (fact["experiment"] for fact in facts)
    ]
    keys = dict.fromkeys(key for settings in every for key in settings)
    differ = [key for key in keys if len({_text(settings, key) for settings in every}) > 1]
    rows = [
        _Row(name, run, fact, {key: settings[key] for key in differ if key in settings})
        for name, run, fact, settings in zip(names, runs, facts, every, strict=True)
    ]
    return rows, differ


def _text(settings: Mapping[str, Any], key: str) -> str:
    from retrodict.experiment import flow

    return flow(settings[key]) if key in settings else ""


def short_id(folder: Path) -> str:
    """Return the 12 digits that a stored run is found by, or a folder's other name.

    >>> short_id(Path("runs/reversal-transformer-0123456789ab"))
    '0123456789ab'
    """
    name = folder.resolve().name
    found = re.search(r"-([0-9a-f]{12})$", name)
    return found.group(1) if found else name


def _distinguishing(rows: Sequence[_Row]) -> list[str]:
    """Return a small set of settings that together tell the runs apart."""
    from retrodict.experiment import distinguishing_settings

    return distinguishing_settings([row.settings for row in rows])


def _varies(key: str, rows: Sequence[_Row]) -> bool:
    """Whether the runs that have a setting differ in it; the others are of another kind."""
    return len({row.text(key) for row in rows if key in row.settings}) > 1


def _sorted(rows: Sequence[_Row]) -> list[_Row]:
    """Sort runs by the settings that tell them apart: numbers by size, what is missing first."""
    keys = _distinguishing(rows)

    def rank(row: _Row, key: str) -> tuple[int, float, str]:
        value = row.settings.get(key)
        if isinstance(value, int | float):
            return 1, float(value), ""
        return (0, 0.0, "") if value is None else (2, 0.0, row.text(key))

    return sorted(rows, key=lambda row: [rank(row, key) for key in keys])


def _print(rows: Sequence[_Row], differ: Sequence[str]) -> None:
    """Print a table with as many settings as fit, the others below it, and what is missing.

    Settings that tell the runs apart come first.
    """
    console = Console()
    first = _distinguishing(rows)
    order = [*first, *(key for key in differ if key not in first)]
    most = min(len(order), _MOST_COLUMNS)
    table = fitting(console, (_table(rows, order[:count]) for count in range(most, -1, -1)))
    shown = len(table.columns) - 4  # besides the run and three numbers
    console.print(table)
    console.print()
    _print_rest(console, rows, [key for key in order[shown:] if _varies(key, rows)])
    for row in rows:
        if row.unusable:
            console.print(f"[bold red]{escape(row.name)}[/bold red]: {row.unusable}")
    console.print(READING)


def _table(rows: Sequence[_Row], keys: Sequence[str]) -> Table:
    from retrodict.experiment import short_names

    settings = words(*short_names(keys).values())
    table = ruled_table(*folded("run"), *settings, *numbers(*NUMBERS[:3]))
    for row in rows:
        values = [escape(row.text(key)) for key in keys]
        style = "dim" if row.unusable else None
        table.add_row(escape(row.name), *values, *final_numbers(row.facts)[:3], style=style)
    return table


def _print_rest(console: Console, rows: Sequence[_Row], keys: Sequence[str]) -> None:
    """Print the settings that had no room in the table; runs that share them share a line."""
    if not keys:
        return
    alike: dict[str, list[str]] = {}
    for row in rows:
        said = ", ".join(f"{key}={row.text(key)}" for key in keys if key in row.settings)
        alike.setdefault(said, []).append(row.name)
    console.print("these settings differ too:")
    for said, names in alike.items():
        console.print(plain(f"{', '.join(names)}: {said or '–'}"))
    console.print()


def _draw(rows: Sequence[_Row], plot: Path) -> None:
    """Draw the finished runs; refuse if there are none."""
    from retrodict.plots import footer, plot_comparison, save_as

    usable = [row for row in rows if not row.unusable]
    if not usable:
        raise BadInput("--plot: none of these runs is finished and has a finite learner")
    settings = {row.name: row.settings for row in usable}
    traces = {row.name: row.run.trace for row in usable}
    figure = plot_comparison(traces, settings, _title(usable))
    left_out = [f"{row.name} {row.unusable}" for row in rows if row.unusable]
    warning = f"left out: {'; '.join(left_out)}" if left_out else ""
    footer(figure, _small_print(usable), warning)
    save_as(figure, plot)


def _title(rows: Sequence[_Row]) -> str:
    """Name the task and the model if all runs have them in common, and how many learners."""
    experiments = [row.facts["experiment"] for row in rows]
    parts = []
    for section in ("task", "model"):
        kinds = {experiment[section]["kind"] for experiment in experiments}
        parts += [kind.replace("_", " ") for kind in kinds if len(kinds) == 1]
    learners = {experiment["training"]["learners"] for experiment in experiments}
    parts += [f"{count} learners" for count in learners if len(learners) == 1]
    return ", ".join(parts)


def _small_print(rows: Sequence[_Row], most: int = 2) -> str:
    """Say how to read the drawing, and which settings differ that are not shown in it."""
    shown = _distinguishing(rows)
    keys = dict.fromkeys(key for row in rows for key in row.settings if key not in shown)
    hidden = [key for key in keys if _varies(key, rows)]
    more = f" and {len(hidden) - most} more" if len(hidden) > most else ""
    also = f"; {', '.join(hidden[:most])}{more} differ too" if hidden else ""
    return f"mean and 95 % interval over learners; training as recorded{also}"

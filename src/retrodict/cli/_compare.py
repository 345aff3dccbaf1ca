"""`retrodict compare`: where runs differ, how each ended, and a drawing of both."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table

from retrodict.cli._console import Console
from retrodict.cli._paths import chosen, told_apart
from retrodict.cli._provenance import tell_changed
from retrodict.cli._runs_views import print_outdated
from retrodict.cli._views import print_json, run_facts
from retrodict.errors import BadInput, CannotFinish
from retrodict.experiment import distinguishing_settings, flow, short_names
from retrodict.measures import BEATS_WRONG, Interval
from retrodict.runs import Run, require_writable

_MOST_COLUMNS = 4
_OFFER = "'retrodict run RUN/experiment.yaml --out STORE --again' trains one anew and compares"
_SUFFIXES = (".png", ".pdf")


def show_comparison(paths: Sequence[Path], plot: Path | None, as_json: bool) -> None:
    """Print runs side by side; draw them into a file if asked to.

    Raises:
        BadInput: the drawing cannot go there, or no run is finished that could be drawn.
    """
    if plot is not None:
        _require_place(plot)
    folders, strangers = chosen(paths, lambda path: Run(path).exists)
    runs, damaged = _readable([Run(folder) for folder in folders])
    settings = [_flat(run.experiment.model_dump(mode="json")) for run in runs]
    keys = dict.fromkeys(key for each in settings for key in each)
    differ = [key for key in keys if _differs(key, settings)]
    facts = [run_facts(run) for run in runs]
    names = told_apart([short_id(run) for run in runs], [run.folder for run in runs])
    rows = [
        _Row(name, run, fact, {key: each[key] for key in differ if key in each})
        for name, run, fact, each in zip(names, runs, facts, settings, strict=True)
    ]
    rows = _sorted(rows)
    finished = [run for run in runs if run.finished]
    if plot is not None:
        _draw(rows, plot)
    if as_json:
        shown = [
            {**fact, "settings": {key: each.get(key) for key in differ}}
            for fact, each in zip(facts, settings, strict=True)
        ]
        files = {} if plot is None else {"files": [str(plot)]}
        passed_over = [str(path) for path in strangers]
        told = {"differ": differ, "runs": shown, "damaged": damaged, "passed_over": passed_over}
        print_json({**told, **files})
        tell_changed(finished, as_json, _OFFER)
        return
    _print(rows, differ)
    print_outdated(Console(), runs)
    tell_changed(finished, as_json, _OFFER)
    for why in damaged:
        Console().print(why, style="bold red", highlight=False, markup=False, soft_wrap=True)
    if plot is not None:
        Console().print(f"wrote {plot}", highlight=False, markup=False, soft_wrap=True)


def _readable(runs: Sequence[Run]) -> tuple[list[Run], list[str]]:
    """Split runs into those that can be read, and what is wrong with the others.

    Raises:
        CannotFinish: none can.
    """
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
    """One run: what it is called, itself, what there is to say of it, its part of what differs."""

    name: str
    run: Run
    facts: Mapping[str, Any]
    settings: Mapping[str, Any]

    @property
    def unusable(self) -> str:
        """Why it has no final values; nothing if it has."""
        if self.facts["status"] != "finished":
            return f"is not finished ({self.facts['status']})"
        lost = self.facts["diverged_learners"]
        if lost == self.facts["experiment"]["training"]["learners"]:
            return f"failed: all {lost} learners became non-finite"
        return ""


def numbers(facts: Mapping[str, Any]) -> list[str]:
    """Write how a run ended: training NLL, validation NLL, validation accuracy, beats wrong.

    What does not exist is blank: `validation` if nothing was held out, all if it did not finish.
    """
    asked = facts.get("final", {}).get("validation", {})
    found = [(asked.get(name), spec) for name, spec in _ASKED]
    training = facts.get("training_loss")
    texts = [_number(training and training.mean, ".3f")]
    return texts + [_number(interval, spec) for interval, spec in found]


_ASKED = (("nll", ".3f"), ("accuracy", ".2f"), ("preference", ".2f"))
NUMBERS = ("training\nNLL", "validation\nNLL", "\naccuracy", "beats\nwrong")
READING = "NLL in nats of the answer's first token, mean ± 95 % interval over learners"
READING_PREFERENCE = f"accuracy and 'beats wrong' are of validation; {BEATS_WRONG}"


def new_table() -> Table:
    """Make a table that stays narrow."""
    return Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))


def add_number_columns(table: Table, names: Sequence[str] = NUMBERS) -> None:
    """Add columns of numbers, which do not wrap."""
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)


def fits(table: Table, console: Console) -> bool:
    """Whether a table needs no more than the console's width."""
    unbounded = console.options.update(max_width=10_000)
    return Measurement.get(console, unbounded, table).maximum <= console.width


def short_id(run: Run) -> str:
    """Return the 12 digits a stored run is found by, or the name of a folder with another name.

    >>> short_id(Run(Path("runs/reversal-transformer-0123456789ab")))
    '0123456789ab'
    """
    name = run.folder.resolve().name
    found = re.search(r"-([0-9a-f]{12})$", name)
    return found.group(1) if found else name


def _number(value: Interval | float | None, spec: str) -> str:
    """Format a mean, or leave it out if there is none."""
    mean = value.mean if isinstance(value, Interval) else value
    return "" if mean is None or math.isnan(mean) else format(value, spec)


def _flat(nested: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    return {
        f"{section}.{key}": value for section, part in nested.items() for key, value in part.items()
    }


def _differs(key: str, settings: Sequence[Mapping[str, Any]]) -> bool:
    return len({flow(s[key]) if key in s else "" for s in settings}) > 1


def _sorted(rows: Sequence[_Row]) -> list[_Row]:
    """Sort runs by the settings that tell them apart: numbers by size, what is missing first."""
    keys = distinguishing_settings([row.settings for row in rows])

    def place(row: _Row) -> list[tuple[int, float, str]]:
        values = [row.settings.get(key) for key in keys]
        return [
            (1, float(value), "")
            if isinstance(value, int | float)
            else (0 if value is None else 2, 0.0, flow(value))
            for value in values
        ]

    return sorted(rows, key=place)


def _print(rows: Sequence[_Row], differ: Sequence[str]) -> None:
    """Print the table with as many settings as fit, the settings that do not, and what is missing.

    Those that tell the runs apart come first.
    """
    console = Console()
    first = distinguishing_settings([row.settings for row in rows])
    order = [*first, *(key for key in differ if key not in first)]
    for columns in range(min(len(order), _MOST_COLUMNS), -1, -1):
        table = _table(rows, order[:columns])
        if fits(table, console):
            break
    console.print(table)
    console.print()
    _print_rest(console, rows, [key for key in order[columns:] if _says_something(key, rows)])
    for row in rows:
        if row.unusable:
            name = f"[bold red]{escape(row.name)}[/bold red]"
            console.print(f"{name}: {row.unusable}", highlight=False)
    console.print(READING, highlight=False)


def _print_rest(console: Console, rows: Sequence[_Row], keys: Sequence[str]) -> None:
    """Print the settings that had no room in the table; runs that share them share a line."""
    alike: dict[str, list[str]] = {}
    for row in rows:
        said = ", ".join(f"{k}={flow(row.settings[k])}" for k in keys if k in row.settings)
        alike.setdefault(said, []).append(row.name)
    if not keys:
        return
    console.print("these settings differ too:", highlight=False)
    for said, names in alike.items():
        console.print(f"{', '.join(names)}: {said or '–'}", highlight=False, markup=False)
    console.print()


def _says_something(key: str, rows: Sequence[_Row]) -> bool:
    """Whether the runs that have a setting differ in it; the others are of another kind."""
    return len({flow(row.settings[key]) for row in rows if key in row.settings}) > 1


def _table(rows: Sequence[_Row], keys: Sequence[str]) -> Table:
    table = new_table()
    table.add_column("run", overflow="fold")
    for column in short_names(keys).values():
        table.add_column(column, no_wrap=True)
    add_number_columns(table, NUMBERS[:3])
    for row in rows:
        values = [escape(flow(row.settings[k])) if k in row.settings else "" for k in keys]
        style = "dim" if row.unusable else None
        table.add_row(escape(row.name), *values, *numbers(row.facts)[:3], style=style)
    return table


def _require_place(plot: Path) -> None:
    """Refuse a drawing that could not be written, before anything is read.

    Raises:
        BadInput: another format, no such folder, or one that cannot be written to.
    """
    if plot.suffix.lower() not in _SUFFIXES:
        raise BadInput(f"--plot {plot}: the name must end with {' or '.join(_SUFFIXES)}")
    if not plot.parent.is_dir():
        raise BadInput(f"--plot {plot}: there is no folder {plot.parent}")
    if plot.is_dir():
        raise BadInput(f"--plot {plot}: is a folder")
    require_writable(plot.parent, "--plot")


def _draw(rows: Sequence[_Row], plot: Path) -> None:
    """Draw the runs that finished.

    Raises:
        BadInput: there is none.
        CannotFinish: the file cannot be written.
    """
    from retrodict.plots import footer, plot_comparison, save_as

    usable = {row.name: row for row in rows if not row.unusable}
    if not usable:
        raise BadInput("--plot: none of these runs is finished, with learners that stayed finite")
    settings = {name: row.settings for name, row in usable.items()}
    traces = {name: row.run.trace for name, row in usable.items()}
    figure = plot_comparison(traces, settings, _title(list(usable.values())))
    left_out = [f"{row.name} {row.unusable}" for row in rows if row.unusable]
    warning = f"left out: {'; '.join(left_out)}" if left_out else ""
    footer(figure, _small_print(list(usable.values())), warning)
    save_as(figure, plot)


def _title(rows: Sequence[_Row]) -> str:
    """Name the task and the model, if all runs have them in common, and how many learners."""
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
    shown = distinguishing_settings([row.settings for row in rows])
    keys = dict.fromkeys(key for row in rows for key in row.settings if key not in shown)
    hidden = [key for key in keys if _says_something(key, rows)]
    more = f" and {len(hidden) - most} more" if len(hidden) > most else ""
    also = f"; {', '.join(hidden[:most])}{more} differ too" if hidden else ""
    return f"mean and 95 % interval over learners; training as recorded{also}"

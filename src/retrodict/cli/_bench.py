"""`retrodict bench`: choose sections, measure them one after another, show and write the result."""

from __future__ import annotations

import contextlib
import dataclasses
import shlex
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from rich.table import Table

from retrodict.bench import (
    KEY_COLUMNS,
    SECTIONS,
    Plan,
    Row,
    as_markdown,
    choose_configs,
    draw,
    headline,
    require_transformers,
    tables,
)
from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, nearest
from retrodict.experiment import Experiment
from retrodict.files import BENCH, atomic_text
from retrodict.launch import cores
from retrodict.limits import core_count
from retrodict.plots import save_as
from retrodict.runs import require_writable
from retrodict.tasks import Reversal
from retrodict.training import obstacle


def run_bench(
    names: Sequence[str],
    configs: Sequence[str],
    repeats: int | None,
    quick: bool,
    out: Path,
    as_json: bool,
) -> None:
    """Measure, show and write; rows are written after each section, so that none is lost.

    Raises:
        BadInput: an unknown section or configuration, a peer that is not installed, or a folder
            that cannot be written to.
        CannotFinish: a section could not be measured.
    """
    chosen = choose(names)
    plan = Plan(_device(), repeats, quick, tuple(configs))
    if configs:
        choose_configs(configs, plan.device, quick)
    if "step" in chosen:
        require_transformers()
        if why := obstacle(plan.device.partition(":")[0]):
            print(f"retrodict: what is compiled is left out: {why}", file=sys.stderr)
    require_writable(out)
    command = _command(names, configs, repeats, quick)
    rows: list[Row] = []
    with Progress() as progress:
        total = sum(SECTIONS[name].seconds for name in chosen)
        for i, name in enumerate(chosen):
            before = sum(SECTIONS[done].seconds for done in chosen[:i])

            def tick(share: float, name: str = name, before: float = before) -> None:
                done = before + share * SECTIONS[name].seconds
                progress.working(f"bench {name}", done / total)

            tick(0.0)
            with _machine(name, progress):
                rows += SECTIONS[name].measure(plan, tick)
            write_rows(rows, out)
    show(rows, write(rows, out, command), as_json)


def choose(names: Sequence[str]) -> list[str]:
    """Return these sections, all of them for none.

    Raises:
        BadInput: there is no such section.
    """
    for name in names:
        if name not in SECTIONS:
            raise BadInput(f"{name}: no section of that name; {nearest(name, SECTIONS)}")
    return list(dict.fromkeys(names)) or list(SECTIONS)


def write_rows(rows: Sequence[Row], out: Path) -> Path:
    """Write bench.json; return the file.

    Raises:
        CannotFinish: it cannot be written.
    """
    path = out / BENCH.name
    BENCH.write(path, rows)
    return path


def write(rows: Sequence[Row], out: Path, command: str) -> list[Path]:
    """Write bench.json, bench.md and, where training was timed, bench.png; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    files = [write_rows(rows, out), out / "bench.md"]
    atomic_text(files[1], as_markdown(rows, headline(rows), command))
    figure = draw(rows, headline(rows), command)
    if figure is not None:
        files.append(out / "bench.png")
        save_as(figure, files[-1])
    return files


def show(rows: Sequence[Row], files: Sequence[Path], as_json: bool) -> None:
    """Print a table a section, or one JSON list."""
    if as_json:
        print_json([dataclasses.asdict(row) for row in rows])
        return
    console = Console()
    console.print(headline(rows), highlight=False)
    for section, parts in tables(rows).items():
        console.print(f"\n[bold]{SECTIONS[section].title}[/bold]")
        console.print(SECTIONS[section].legend, style="dim", highlight=False)
        for common, part in parts.items():
            console.print(_table(common, list(map(SECTIONS[section].cells, part))))
    for path in files:
        console.print(f"wrote {path}", highlight=False, markup=False, soft_wrap=True)


def _table(title: str, lines: Sequence[dict[str, str]]) -> Table:
    table = Table(box=None, padding=(0, 1, 0, 0), title_justify="left")
    table.title = f"\n{title}" if title else None
    for column in lines[0]:
        words = column in ("config", "variant", "what")
        table.add_column(
            column,
            justify="left" if words else "right",
            style="bold" if column in KEY_COLUMNS else "",
        )
    for line in lines:
        table.add_row(*line.values())
    return table


@contextlib.contextmanager
def _machine(section: str, progress: Progress) -> Iterator[None]:
    """Hold all cores, so that trainings wait, unless the section trains by itself."""
    if not SECTIONS[section].holds_cores:
        yield
        return
    with cores(core_count(), progress.waiting, "retrodict bench"):
        yield


def _device() -> str:
    return Experiment(task=Reversal()).resolved().training.device


def _command(names: Sequence[str], configs: Sequence[str], repeats: int | None, quick: bool) -> str:
    words = ["retrodict", "bench", *names]
    for config in configs:
        words += ["--config", config]
    if repeats is not None:
        words += ["--repeats", str(repeats)]
    return shlex.join([*words, *(["--quick"] if quick else [])])

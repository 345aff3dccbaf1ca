"""`retrodict bench`: measure sections one after another; print and write the results."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from retrodict.cli._console import Console
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._streams import print_json
from retrodict.cli._tables import bare_table
from retrodict.cli.commands._command import command
from retrodict.errors import choose
from retrodict.files import BENCH, atomic_text

if TYPE_CHECKING:
    from retrodict.bench import Row


@command("bench")
def bench(
    sections: Annotated[
        list[str] | None,
        typer.Argument(metavar="SECTION", help="Which sections. By default: all."),
    ] = None,
    configs: Annotated[
        list[str] | None,
        typer.Option(
            "--config",
            metavar="LAYERSxWIDTH",
            help="Measure the step only at this size. May be repeated.",
        ),
    ] = None,
    repeats: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="How often each thing is timed.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option("--quick", help="Use tiny sizes, to see that it works. Do not quote them."),
    ] = False,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Measure the speed of training and of theory.

    \b
      retrodict bench                        everything, in a quarter of an hour on two cores
      retrodict bench step                   our step, Hugging Face's GPT-2, and a lower bound
      retrodict bench step --config 2x128    at one size: 2x128, 4x256 or 24x768
      retrodict bench scaling                over learners, V, depth, width, entity length
      retrodict bench pieces                 parts of the step, and alternatives to them
      retrodict bench theory                 Gram flow and closed form against brute force
      retrodict bench figure1                seconds to figure 1, from an empty and a full store

    The programs that are compared take turns, so that a slow moment of the machine affects all of
    them. Keep the machine otherwise idle. The section `step` needs: pip install 'retrodict[bench]'.

    Writes bench.md, bench.json and a roofline, bench.png.
    """
    from retrodict.bench import SECTIONS, Plan, choose_configs, require_transformers
    from retrodict.cli._progress import Progress
    from retrodict.experiment import Experiment
    from retrodict.launch import cores
    from retrodict.limits import core_count
    from retrodict.runs import require_writable
    from retrodict.tasks import Reversal
    from retrodict.training import obstacle

    names, configs = sections or [], configs or []
    chosen = choose(names, SECTIONS, "{}: no section of that name") or list(SECTIONS)
    device = Experiment(task=Reversal()).placed().training.device
    plan = Plan(device, repeats, quick, tuple(configs))
    if configs:
        choose_configs(configs, device, quick)
    if "step" in chosen:
        require_transformers()
        if why := obstacle(device.partition(":")[0]):
            print(f"retrodict: compiled steps are left out: {why}", file=sys.stderr)
    require_writable(out)
    rows: list[Row] = []
    with Progress() as progress:
        total = sum(SECTIONS[name].seconds for name in chosen)
        for i, name in enumerate(chosen):
            before = sum(SECTIONS[done].seconds for done in chosen[:i])

            def tick(share: float, name: str = name, before: float = before) -> None:
                done = before + share * SECTIONS[name].seconds
                progress.working(f"bench {name}", done / total)

            tick(0.0)
            with contextlib.ExitStack() as stack:
                if SECTIONS[name].holds_cores:  # so that trainings wait
                    stack.enter_context(cores(core_count(), progress.waiting, "retrodict bench"))
                rows += SECTIONS[name].measure(plan, tick)
            # after each section, so that none is lost
            BENCH.write(out / BENCH.name, rows)
    options = [word for config in configs for word in ("--config", config)]
    options += ["--repeats", str(repeats)] if repeats is not None else []
    options += ["--quick"] if quick else []
    files = _write(rows, out, shlex.join(["retrodict", "bench", *names, *options]))
    if as_json:
        print_json(rows)
    else:
        _show(rows, files)


def _write(rows: Sequence[Row], out: Path, command: str) -> list[Path]:
    """Write bench.md and, if training was timed, bench.png; return all files, bench.json first."""
    from retrodict.bench import as_markdown, draw, headline
    from retrodict.plots import save_as

    files = [out / BENCH.name, out / "bench.md"]
    atomic_text(files[1], as_markdown(rows, headline(rows), command))
    figure = draw(rows, headline(rows), command)
    if figure is not None:
        files.append(out / "bench.png")
        save_as(figure, files[-1])
    return files


def _show(rows: Sequence[Row], files: Sequence[Path]) -> None:
    from retrodict.bench import SECTIONS, headline, tables

    console = Console()
    console.print(headline(rows))
    for section, parts in tables(rows).items():
        console.print(f"\n[bold]{SECTIONS[section].title}[/bold]")
        console.print(SECTIONS[section].legend, style="dim")
        for common, part in parts.items():
            console.print(_table(common, list(map(SECTIONS[section].cells, part))))
    for path in files:
        console.say(f"wrote {path}")


def _table(title: str, lines: Sequence[dict[str, str]]) -> Table:
    from retrodict.bench import KEY_COLUMNS

    columns = [
        Column(
            name,
            justify="left" if name in ("config", "variant", "what") else "right",
            style="bold" if name in KEY_COLUMNS else "",
            no_wrap=True,
        )
        for name in lines[0]
    ]
    table = bare_table(*columns, title=f"\n{title}" if title else None)
    for line in lines:
        table.add_row(*line.values())
    return table

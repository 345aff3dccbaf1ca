"""`retrodict leaderboard`: recipes side by side, in one table per task."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retrodict.cli._console import Console
from retrodict.cli._options import STORE, Again, Cpus, Gpus, Json, Out, Slurm, Where, launcher_from
from retrodict.cli._streams import print_json
from retrodict.cli._tables import bare_table, numbers, words
from retrodict.cli.commands._command import command
from retrodict.errors import choose

if TYPE_CHECKING:
    from retrodict.leaderboard import Board, Row

BoardScale = Literal["smoke", "laptop"]
Ways = Literal["updates", "compute"]

_COLOURS = {"broken": "green", "partly": "yellow", "cursed": "red"}
_SHORT = {"steps to solve": "steps", "truth beats wrong": "beats", "neither": "other"}
_LEFT_OUT = ("NLL", "wrong NLL", "rank", "operations")


@command("leaderboard", trains=True)
def leaderboard(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="RECIPE", help="Which recipes. By default: all.")
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task", metavar="TASK", help="reversal, chain, reversal-2, …. May be repeated."
        ),
    ] = None,
    scale: Annotated[BoardScale, typer.Option(help="How large the trainings are.")] = "laptop",
    full: Annotated[
        bool, typer.Option("--full", help="Add long recipes and every task; five times the steps.")
    ] = False,
    only_kept: Annotated[
        bool, typer.Option("--kept", help="Show only what the store already has. Train nothing.")
    ] = False,
    at: Annotated[
        Ways, typer.Option("--at", help="Compare at equal gradient steps or equal operations.")
    ] = "updates",
    sort: Annotated[
        str, typer.Option("--sort", metavar="COLUMN", help="accuracy, steps_to_solve, echo, ….")
    ] = "accuracy",
    out: Out = STORE,
    as_json: Json = False,
    again: Again = False,
    launcher: Where = "local",
    cpus: Cpus = None,
    gpus: Gpus = None,
    slurm: Slurm = None,
) -> None:
    """Compare recipes that are claimed to break the reversal curse.

    \b
      retrodict leaderboard                             all but reversal-2; 40 minutes on two cores
      retrodict leaderboard plain identity mlm_u        some recipes
      retrodict leaderboard --task chain --sort echo    one task, sorted by another column
      retrodict leaderboard --task reversal-2           entities of two tokens; takes as long
      retrodict leaderboard --kept --at compute         stored results, at equal operations

    Every recipe gets the same facts, the same budget and ten seeds. Controls and upper bounds are
    included. Writes leaderboard.csv, .json, .html and .md to the store.

    Stored runs are not trained again. After an interruption, the same command continues.
    """
    from retrodict.cli._progress import Progress
    from retrodict.cli._provenance import tell_answers
    from retrodict.leaderboard import COLUMNS, RULE, SORTS, cells, compare, kept, write
    from retrodict.report import write_board_pages
    from retrodict.runs import Run, Store

    where = launcher_from(launcher, cpus, gpus, slurm, again)
    choose([sort], SORTS, "--sort: {!r:.60} is not known")
    store = Store(out)
    if only_kept:
        every = [column.name for column in COLUMNS]
        chosen = kept(cells(names or [], tasks or every, scale, full), store)
    else:
        chosen = cells(names or [], tasks or [], scale, full)
    words = ["retrodict leaderboard", *(names or []), *(f"--task {task}" for task in tasks or [])]
    options = {f"--scale {scale}": True, "--full": full, "--kept": only_kept}
    command = " ".join([*words, *(option for option, is_given in options.items() if is_given)])
    with Progress() as progress:
        board = compare(chosen, store, progress, command, where)
    files = [*write(board, store), *write_board_pages(board, store)]
    if as_json:
        print_json({"command": command, "rule": RULE, "rows": board.rows, "files": files})
    else:
        _show(board, at, sort, files)
    tell_answers([Run(out / row.run) for row in board.rows], where.answers, as_json)


def _show(board: Board, at: Ways, sort: str, files: Sequence[Path]) -> None:
    from retrodict.leaderboard import COLUMNS, HEAD, legend

    console = Console()
    head = [_SHORT.get(name, name) for name in HEAD if name not in _LEFT_OUT]
    for column in COLUMNS:
        rows = board.at(at, column.name, sort)
        if not rows:
            continue
        title = f"{column.title}: at equal {at}, sorted by {sort}"
        table = bare_table(*words(*head[:2]), *numbers(*head[2:]), title=title)
        for row in rows:
            table.add_row(*_texts(row))
        console.print(table)
    for name, says in legend([row for row in board.rows if row.at == at]).items():
        if name not in _LEFT_OUT:
            console.print(f"[bold]{_SHORT.get(name, name)}[/bold]: {says}")
    console.print(f"also in the files: {', '.join(_LEFT_OUT)}")
    for path in files:
        console.say(f"wrote {path}")


def _texts(row: Row) -> tuple[str, ...]:
    from retrodict.leaderboard import held_out_in_words

    colour = _COLOURS[row.verdict]
    steps = row.steps_to_solve
    return (
        f"[bold]{row.recipe}[/bold]{'*' if row.is_bound else ''}",
        f"[{colour}]{row.said}[/{colour}]",
        held_out_in_words(row),
        f"{row.solved.count}/{row.solved.of}",
        "never" if steps != steps else f"{steps:.0f}",
        *(f"{part.mean:.2f}" for part in (row.preference, row.echo, row.neither)),
        f"{row.forward_accuracy.mean:.2f}",
    )

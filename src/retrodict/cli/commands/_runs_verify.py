"""`retrodict runs verify`: check that the files of a store are unchanged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from retrodict.cli._console import plain, wide_console
from retrodict.cli._options import STORE, Json, Out, Runs
from retrodict.cli._paths import folders_of
from retrodict.cli._streams import print_json
from retrodict.cli._tables import folded, ruled_table, words
from retrodict.cli.commands._command import command
from retrodict.errors import CannotFinish

if TYPE_CHECKING:
    from retrodict.runs import Problem


@command("runs verify")
def verify_runs(names: Runs = None, out: Out = STORE, as_json: Json = False) -> None:
    """Check that every file of every run is unchanged.

    \b
      retrodict runs verify                       the whole store, with its figures
      retrodict runs verify 0123456789ab          one run, by the digits in its name
      retrodict runs verify runs/reversal-*

    It checks checksums, formats and names, and looks for files that do not belong there. Each line
    says what is wrong and what to do. Nothing is changed. Exit code 3: something is damaged.
    """
    from retrodict.cli._progress import patience
    from retrodict.runs import FAILING, check_run, check_store

    chosen, strangers = folders_of(names or [], out, bare=True)
    problems: list[Problem] = [] if names else check_store(out)
    with patience("verify") as tick:
        for i, folder in enumerate(chosen):
            tick(folder.name, i / len(chosen))
            problems += check_run(folder)
    failing = [problem for problem in problems if problem.kind in FAILING]
    problems = [*failing, *(problem for problem in problems if problem not in failing)]
    if as_json:
        told = {"looked_at": len(chosen), "sound": not failing, "problems": problems}
        print_json({**told, "passed_over": strangers})
    else:
        console = wide_console()
        if problems:
            console.print(_table(problems, FAILING))
        kind = ("run" if names else "folder") + ("" if len(chosen) == 1 else "s")
        remarks = "1 remark" if len(problems) == 1 else f"{len(problems)} remarks"
        bad = "it is serious" if len(problems) == 1 else f"{len(failing)} of them serious"
        said = bad if failing else "nothing is damaged"
        console.print(f"{len(chosen)} {kind} checked, {remarks}: {said}")
    if failing:
        first = failing[0]
        more = f"; and {len(failing) - 1} more" if len(failing) > 1 else ""
        raise CannotFinish(f"{first.where}: {first.kind}: {first.what}; {first.remedy}{more}")


def _table(problems: Sequence[Problem], failing: Sequence[str]) -> Table:
    table = ruled_table(*folded("where"), *words("kind"), *folded("what", "what to do"))
    for one in problems:
        style = "bold red" if one.kind in failing else ""
        cells = (str(one.where), one.kind, one.what, one.remedy)
        table.add_row(*(plain(cell, style=style) for cell in cells))
    return table

"""`retrodict runs prune`: delete what a store does not need."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from retrodict.cli._console import plain, wide_console
from retrodict.cli._options import STORE, Json, Out
from retrodict.cli._paths import require_store
from retrodict.cli._streams import print_json
from retrodict.cli._tables import folded, numbers, ruled_table, size
from retrodict.cli.commands._command import command
from retrodict.errors import BadInput


@command("runs prune")
def prune_runs(
    leftovers: Annotated[
        bool, typer.Option("--leftovers", help="Temporary files of killed processes.")
    ] = False,
    unfinished: Annotated[
        bool, typer.Option("--unfinished", help="Runs that are not finished.")
    ] = False,
    outdated: Annotated[
        bool, typer.Option("--outdated", help="Runs of an older results version.")
    ] = False,
    damaged: Annotated[bool, typer.Option("--damaged", help="Runs that are damaged.")] = False,
    weights: Annotated[
        bool, typer.Option("--weights", help="Final weights. The curves stay.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Delete. Otherwise only list.")] = False,
    out: Out = STORE,
    as_json: Json = False,
) -> None:
    """Delete what a store does not need; only list it without --yes.

    \b
      retrodict runs prune --leftovers --unfinished
      retrodict runs prune --weights --yes

    Runs in training, files of other programs and linked folders are left alone.
    """
    from retrodict.cli._progress import patience
    from retrodict.runs import SELECTIONS, plan, prune

    wanted = {
        "leftovers": leftovers,
        "unfinished": unfinished,
        "outdated": outdated,
        "damaged": damaged,
        "weights": weights,
    }
    chosen = {name for name in SELECTIONS if wanted[name]}
    if not chosen:
        choices = ", ".join(f"--{name}" for name in SELECTIONS)
        raise BadInput(f"runs prune: choose what to delete: {choices}; --help describes them")
    require_store(out)
    notes: set[str] = set()
    with patience("prune") as tick:
        found = prune(out, chosen, tick, notes.add) if yes else plan(out, chosen, tick)
    for note in notes:
        print(note, file=sys.stderr)
    freed = sum(one.bytes for one in found)
    if as_json:
        names = ("path", "why", "bytes", "used_by")
        rows = [{name: getattr(one, name) for name in names} for one in found]
        print_json({"deleted": yes, "bytes": freed, "selected": rows})
        return
    console = wide_console()
    if found:
        table = ruled_table(*folded("what", "why"), *numbers("size"), *folded("drawn in"))
        for one in found:
            cells = (str(one.path), one.why, size(one.bytes), ", ".join(one.used_by))
            table.add_row(*map(plain, cells))
        console.print(table)
    said = "deleted" if yes else "would be deleted"
    console.print(f"{len(found)} {said}, which frees {size(freed)}")
    if found and not yes:
        console.print("nothing was deleted: add --yes to delete", style="bold")

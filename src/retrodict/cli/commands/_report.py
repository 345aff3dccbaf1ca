"""`retrodict report`: a store's results in one file."""

from __future__ import annotations

import contextlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from retrodict.cli._console import Console, plain
from retrodict.cli._options import STORE, Json
from retrodict.cli._paths import place, require_file
from retrodict.cli._streams import print_json
from retrodict.cli._tables import marked, size
from retrodict.cli.commands._command import command
from retrodict.errors import BadInput, CannotFinish
from retrodict.files import VERIFY, atomic, atomic_text

if TYPE_CHECKING:
    from retrodict.claims import Kept
    from retrodict.report import Answer, Collected

_SUFFIXES = (".html", ".md")


@command("report")
def report(
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            parser=place,
            metavar="FILE",
            help="An .html or .md file. [default: STORE/report.html]",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            "--store",
            parser=place,
            metavar="DIR",
            help="The store of runs. [default: the folder of FILE if it holds runs or figures, "
            "else runs]",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Write a store's results as one page.

    \b
      retrodict report                               runs/report.html, from the store runs/
      retrodict report --out mine/report.html        from the store mine/
      retrodict report --store mine --out paper.md   Markdown, with thumbnails in paper-figures/

    The page answers first: does the curse appear, how strongly, and why? Then come the figures with
    their claims and commands, and curves and weights to explore. It works offline.

    Nothing is trained. Statements that this code has not checked yet are checked with --fast, and
    kept in the store as verify.json.

    Exit code 1: a claim or statement fails that is not marked "(known)"; the report is written all
    the same.
    """
    from retrodict.cli._progress import Progress
    from retrodict.report import answers, as_html, collect, facts, something_failed

    root, path = _places(out, store)
    with Progress() as progress:
        found = collect(root, progress.working)
    statements = _statements(root)
    told = answers(found, statements)
    if path.suffix.lower() == ".md":
        _write_markdown(path, found, statements, told)
    else:
        atomic_text(path, as_html(found, statements, told))
    if as_json:
        print_json(facts(found, statements, told, path, path.stat().st_size))
    else:
        _show(found, told, path)
    if lost := [section.figure.name for section in found.sections if section.problem]:
        print(f"retrodict: cannot be used: {', '.join(lost)}; the report says why", file=sys.stderr)
    if something_failed(found, statements):
        raise typer.Exit(1)


def _places(out: Path | None, store: Path | None) -> tuple[Path, Path]:
    """Return the store to read and the file to write; refuse one that cannot be written."""
    from retrodict.report import holds_something

    if store is None and out is not None and holds_something(out.parent):
        store = out.parent
    root = STORE if store is None else store
    if out is not None or root.is_dir():
        require_file(out or root / "report.html", "--out", _SUFFIXES)
    return root, out or root / "report.html"


def _statements(root: Path) -> Kept:
    """Read the store's checked statements; if other code checked them, check again, fast."""
    from retrodict.claims import Kept
    from retrodict.cli._checks import check, choose, keep, kept_now
    from retrodict.cli._progress import Progress
    from retrodict.figures import code_version

    try:
        kept = Kept.read(root / VERIFY.name)
        if kept.code == code_version():
            return kept
    except ValueError:
        pass
    with Progress() as progress:
        findings = check(choose([]), fast=True, progress=progress)
    kept = kept_now(findings, fast=True)
    with contextlib.suppress(CannotFinish):  # the report can do without a store to write to
        keep(kept, root)
    return kept


def _write_markdown(path: Path, found: Collected, statements: Kept, told: list[Answer]) -> None:
    from retrodict.report import as_markdown, holds_something, thumbnail_folder, thumbnails
    from retrodict.runs import require_writable

    folder, pictures = thumbnail_folder(path), thumbnails(found)
    if holds_something(folder):
        raise BadInput(f"--out {path}: its pictures would go into {folder}, which is a store")
    if pictures:
        require_writable(folder)
    for name, data in pictures.items():
        with atomic(folder / f"{name}.png") as temporary:
            temporary.write_bytes(data)
    atomic_text(path, as_markdown(found, statements, told, folder.name, pictures))


def _show(found: Collected, told: list[Answer], path: Path) -> None:
    from retrodict.report import headline

    console = Console()
    console.print(plain(headline(found, told)))
    table = Table.grid(padding=(0, 2, 0, 0))
    for answer in told:
        table.add_row(f"[bold]{answer.question}[/bold]", marked(answer.verdict))
    console.print(table)
    if found.changed:
        console.say(found.changed, style="bold")
    console.say(f"wrote {path} ({size(path.stat().st_size)})")

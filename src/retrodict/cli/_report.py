"""`retrodict report`: choose the store, check statements where need be, write one file."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from rich.table import Table

from retrodict.claims import Kept
from retrodict.cli._console import Console, plain
from retrodict.cli._progress import Progress
from retrodict.cli._verify import check, choose, keep, kept_now
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, CannotFinish
from retrodict.figures import code_version
from retrodict.files import VERIFY, atomic, atomic_text
from retrodict.report import (
    Answer,
    Collected,
    answers,
    as_html,
    as_markdown,
    collect,
    facts,
    headline,
    holds_something,
    something_failed,
    thumbnail_folder,
    thumbnails,
)

SUFFIXES = (".html", ".md")


def write_report(out: Path | None, store: Path | None, default: Path, as_json: bool) -> bool:
    """Write the report; return whether a claim or statement failed that is not documented to.

    Raises:
        BadInput: there is no such store, nothing in it, or no file can be written there.
        CannotFinish: the disk is full.
    """
    root, path = _places(out, store, default)
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
    return something_failed(found, statements)


def _places(out: Path | None, store: Path | None, default: Path) -> tuple[Path, Path]:
    """Where to read and where to write."""
    if out is not None:
        if out.suffix.lower() not in SUFFIXES:
            raise BadInput(f"--out {out}: expected a name that ends with {' or '.join(SUFFIXES)}")
        if out.is_dir():
            raise BadInput(f"--out {out}: is a folder; give a file's name")
        if not out.parent.is_dir():
            raise BadInput(f"--out {out}: the folder {out.parent} does not exist")
        if store is None and holds_something(out.parent):
            store = out.parent
    root = default if store is None else store
    path = root / "report.html" if out is None else out
    if path.parent.is_dir() and not os.access(path.parent, os.W_OK):
        raise BadInput(f"{path.parent}: cannot be written to; give another file with --out")
    return root, path


def _statements(root: Path) -> Kept:
    """Read what `retrodict verify` left in the store, or check fast."""
    try:
        kept = Kept.read(root / VERIFY.name)
        if kept.code == code_version():
            return kept
    except ValueError:
        pass
    with Progress() as progress:
        findings = check(choose([]), fast=True, progress=progress)
    kept = kept_now(findings, fast=True)
    with contextlib.suppress(CannotFinish):  # a store that cannot be written is no hindrance
        keep(kept, root)
    return kept


def _write_markdown(path: Path, found: Collected, statements: Kept, told: list[Answer]) -> None:
    folder, pictures = thumbnail_folder(path), thumbnails(found)
    if holds_something(folder):
        raise BadInput(f"--out {path}: its pictures would go into {folder}, which is a store")
    _write_pictures(folder, pictures)
    atomic_text(path, as_markdown(found, statements, told, folder.name, pictures))


def _write_pictures(folder: Path, pictures: Mapping[str, bytes]) -> None:
    from retrodict.runs import require_writable

    if pictures:
        require_writable(folder)
    for name, data in pictures.items():
        with atomic(folder / f"{name}.png") as temporary:
            temporary.write_bytes(data)


def _show(found: Collected, told: list[Answer], path: Path) -> None:
    console = Console()
    console.print(headline(found, told), highlight=False, markup=False)
    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    for answer in told:
        mark = {"holds": "green", "fails": "bold red"}.get(answer.verdict, "yellow")
        table.add_row(f"[bold]{answer.question}[/bold]", f"[{mark}]{answer.verdict}[/{mark}]")
    console.print(table)
    if found.changed:
        console.print(plain(found.changed, style="bold"), soft_wrap=True)
    size = path.stat().st_size / 1e6
    console.print(f"wrote {path} ({size:.1f} MB)", highlight=False, soft_wrap=True, markup=False)

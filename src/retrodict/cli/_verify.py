"""`retrodict verify`: check statements, print the table, write it down."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table

import retrodict
from retrodict.claims import STATEMENTS, Effort, Finding, Kept, Statement
from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, nearest
from retrodict.figures import code_version
from retrodict.files import VERIFY, atomic_text
from retrodict.report._statements import as_html, as_markdown, cells, seeds_in_words
from retrodict.runs import Store


def choose(names: Sequence[str]) -> list[Statement]:
    """Return the statements of these names, all of them for none.

    Raises:
        BadInput: there is no such statement.
    """
    known = {statement.name: statement for statement in STATEMENTS}
    for name in names:
        if name not in known:
            raise BadInput(f"{name}: no statement of that name; {nearest(name, list(known))}")
    return [known[name] for name in dict.fromkeys(names)] or list(STATEMENTS)


def check(statements: Sequence[Statement], fast: bool, progress: Progress) -> list[Finding]:
    """Check one statement after another."""
    found = []
    for i, statement in enumerate(statements):

        def tick(share: float, i: int = i, name: str = statement.name) -> None:
            progress.working(name, (i + share) / len(statements))

        tick(0.0)
        found.append(statement.examine(Effort(fast, tick)))
    return found


def write(findings: Sequence[Finding], store: Store, fast: bool) -> list[Path]:
    """Write the table into the store as Markdown, as HTML, and as JSON for `retrodict report`.

    Raises:
        CannotFinish: it cannot be written.
    """
    command = f"retrodict verify{' --fast' if fast else ''}"
    files = [store.root / "verify.md", store.root / "verify.html"]
    atomic_text(files[0], as_markdown(findings, command))
    atomic_text(files[1], as_html(findings, command))
    kept = Kept(findings, fast, command, retrodict.__version__, code_version())
    return [*files, keep(kept, store.root)]


def keep(kept: Kept, folder: Path) -> Path:
    """Write down what was found, where `retrodict report` looks for it; return the file.

    Raises:
        CannotFinish: it cannot be written.
    """
    kept.write(folder / VERIFY.name)
    return folder / VERIFY.name


def show(findings: Sequence[Finding], files: Sequence[Path], as_json: bool) -> None:
    """Print the table, or one JSON list."""
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
        return
    console = Console()
    table = Table(box=None, padding=(0, 1, 0, 0), title="statements", title_justify="left")
    for column in ("statement", "grade", "predicted", "measured", "margin", "verdict"):
        right = column in ("predicted", "measured", "margin")
        table.add_column(column, justify="right" if right else "left", no_wrap=True)
    for finding in findings:
        name, grade, _, predicted, measured, margin, _, verdict = cells(finding)
        mark = {"holds": "green", "fails": "bold red"}.get(verdict, "yellow")
        table.add_row(
            f"[bold]{name}[/bold]",
            grade,
            predicted,
            measured,
            margin,
            f"[{mark}]{verdict}[/{mark}]",
        )
    console.print(table)
    for finding in findings:
        if finding.verdict.startswith("fails"):
            why = finding.known or "; ".join(part.what for part in finding.parts if not part.holds)
            console.print(f"[bold]{finding.name}[/bold] {finding.verdict}: {why}", highlight=False)
        if len(findings) < len(STATEMENTS):
            _print_details(console, finding)
    if len(findings) == len(STATEMENTS):
        console.print("what was compared, and on what: in the files, or retrodict verify NAME")
    for path in files:
        console.print(f"wrote {path}", highlight=False, markup=False, soft_wrap=True)


def _print_details(console: Console, finding: Finding) -> None:
    console.print(f"\n{finding.title} [dim](grade {finding.source or finding.grade})[/dim]")
    console.print(finding.words)
    for text, met in finding.assumptions:
        console.print(f"  assumes: {text}" + ("" if met else "  [bold red]not met[/bold red]"))
    for line in filter(
        None, (finding.testable, finding.grid, "seeds: " + seeds_in_words(finding.seeds))
    ):
        console.print(f"  {line}", highlight=False)
    for part in finding.parts:
        mark = "[green]holds[/green]" if part.holds else "[bold red]fails[/bold red]"
        console.print(
            f"  {mark}  {part.what} {part.predicted}: {part.measured:.4g}", highlight=False
        )
    for note in finding.notes:
        console.print(f"  · {note}", highlight=False)

"""Check statements, of the theory or published: for `retrodict verify` and `retrodict report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

import retrodict
from retrodict import errors
from retrodict.claims import STATEMENTS, Check, Effort, Finding, Kept, document, home
from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._provenance import tell_answers
from retrodict.cli._streams import print_json
from retrodict.cli._tables import bare_table, folded, numbers, words
from retrodict.figures import code_version
from retrodict.launch import Asked, run_named
from retrodict.literature import PUBLISHED
from retrodict.report import Sheet, sheet_of, write_findings
from retrodict.runs import Run, Store, require_writable


def run_verify(
    names: Sequence[str], published: bool, fast: bool, out: Path, asked: Asked, as_json: bool
) -> bool:
    """Check the named statements, or all; return whether every verdict is the expected one.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.run_named`.
    """
    checks, store = choose(names, published), Store(out)
    if not names:
        require_writable(out)
    with Progress() as progress:
        scale = Effort(fast).scale
        wanted = {one.name: one.experiments(scale) for one in checks if one.judge is not None}
        runs = run_named(wanted, store, progress, asked) if published else {}
        findings = check(checks, fast, progress, runs)
    files = []
    if not names:
        kept = kept_now(findings, fast)
        files = [*write_findings(sheet_of(kept), store.root), keep(kept, store.root)]
    _show(findings, files, published, as_json)
    if published:
        tell_answers([run for own in runs.values() for run in own.values()], asked.answers, as_json)
    return all(finding.as_recorded for finding in findings)


def choose(names: Sequence[str], published: bool = False) -> Sequence[Check]:
    """Return the checks of these names, or all checks; refuse an unknown name."""
    known = {check.name: check for check in (PUBLISHED if published else STATEMENTS)}
    what = "published claim" if published else "statement"
    chosen = errors.choose(names, known, f"{{}}: no {what} of that name")
    return [known[name] for name in chosen or known]


def check(
    checks: Sequence[Check],
    fast: bool,
    progress: Progress,
    runs: Mapping[str, Mapping[str, Run]] | None = None,
) -> list[Finding]:
    """Check statements one after another; `runs` maps a statement's name to its runs."""
    found = []
    for i, one in enumerate(checks):

        def tick(share: float, i: int = i, name: str = one.name) -> None:
            progress.working(name, (i + share) / len(checks))

        tick(0.0)
        found.append(one.examine(Effort(fast, tick), (runs or {}).get(one.name)))
    return found


def kept_now(findings: Sequence[Finding], fast: bool) -> Kept:
    """Combine findings with the command and the code version that made them."""
    published = any(finding.about.source for finding in findings)
    command = f"retrodict verify{' --published' if published else ''}{' --fast' if fast else ''}"
    return Kept(findings, fast, command, retrodict.__version__, code_version())


def keep(kept: Kept, folder: Path) -> Path:
    """Write findings to the file that `retrodict report` reads; return its path."""
    path = folder / home(kept.published).name
    kept.write(path)
    return path


def _show(
    findings: Sequence[Finding], files: Sequence[Path], published: bool, as_json: bool
) -> None:
    """Print findings as a table, or as one JSON list."""
    if as_json:
        print_json([document(finding) for finding in findings])
        return
    console, every = Console(), len(findings) == len(choose([], published))
    sheet = Sheet(findings, "", published)
    console.print(_table(sheet))
    for finding in findings:
        if not finding.holds and finding.verdict != "not applicable":
            told = f"{finding.verdict}: {escape(_why(finding))}"
            console.print(f"[bold]{finding.about.name}[/bold] {told}")
        if not every:
            _print_details(console, sheet, finding)
    if every:
        compared = "in which setting" if published else "on what"
        command = f"retrodict verify {'--published ' if published else ''}NAME"
        console.print(f"for what was compared, and {compared}, see the files or {command}")
    for path in files:
        console.say(f"wrote {path}")


_SHOWN = {
    **dict.fromkeys(("statement", "claim", "grade"), words),
    **dict.fromkeys(("predicted", "measured", "margin"), numbers),
    **dict.fromkeys(("source", "verdict"), folded),
}
"""Columns of the table, and their layout."""


def _table(sheet: Sheet) -> Table:
    shown = [i for i, name in enumerate(sheet.head) if name in _SHOWN]
    columns = [column for i in shown for column in _SHOWN[sheet.head[i]](sheet.head[i])]
    table = bare_table(*columns, title=sheet.caption.lower())
    for finding in sheet.findings:
        name, *between, verdict = (escape(sheet.cells(finding)[i]) for i in shown)
        mark = "green" if finding.holds else "yellow" if finding.as_recorded else "bold red"
        table.add_row(f"[bold]{name}[/bold]", *between, f"[{mark}]{verdict}[/{mark}]")
    return table


def _why(finding: Finding) -> str:
    about = finding.about
    if about.source:
        return about.known if finding.as_recorded else finding.deciding.statement
    failing = [part.statement for part in finding.evidence.parts if not part.holds]
    return about.known or "; ".join(failing)


def _print_details(console: Console, sheet: Sheet, finding: Finding) -> None:
    about = finding.about
    console.print(f"\n{escape(about.title)}")
    console.print(escape(about.words))
    for label, text in sheet.facts(finding):
        console.print(f"  {escape(f'{label}: {text}')}")
    for part in finding.evidence.parts:
        mark = "[green]holds[/green]" if part.holds else "[bold red]fails[/bold red]"
        told = f"{part.statement} {part.predicted}: {part.measured:.4g}"
        console.print(f"  {mark}  {escape(told)}")
    for note in finding.evidence.notes:
        console.print(f"  · {escape(note)}")

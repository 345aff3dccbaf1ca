"""`retrodict verify --published`: check published claims, print the table, write it down."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.markup import escape
from rich.table import Table

import retrodict
from retrodict.claims import Effort, KeptPublished, Published, PublishedFinding
from retrodict.cli._console import Console
from retrodict.cli._progress import Progress
from retrodict.cli._views import print_json
from retrodict.errors import BadInput, nearest
from retrodict.figures import code_version
from retrodict.files import atomic_text
from retrodict.launch import LOCAL, Launcher, run_named
from retrodict.literature import PUBLISHED
from retrodict.report._published_tables import as_html, as_markdown, cells
from retrodict.report._statements import seeds_in_words
from retrodict.runs import Run, Store


def choose(names: Sequence[str]) -> list[Published]:
    """Return the claims of these names, all of them for none.

    Raises:
        BadInput: there is no such claim.
    """
    known = {claim.name: claim for claim in PUBLISHED}
    for name in names:
        if name not in known:
            raise BadInput(f"{name}: no published claim of that name; {nearest(name, list(known))}")
    return [known[name] for name in dict.fromkeys(names)] or list(PUBLISHED)


def run_trainings(
    claims: Sequence[Published],
    store: Store,
    fast: bool,
    progress: Progress,
    launcher: Launcher = LOCAL,
) -> dict[str, dict[str, Run]]:
    """Run what claims about training runs need; return the runs by claim and name.

    Raises:
        BadInput, CannotFinish, Interrupted: as `launch.run_named`.
    """
    wanted = {claim.name: claim.experiments(fast) for claim in claims if claim.judge is not None}
    return run_named(wanted, store, progress, launcher)


def check(
    claims: Sequence[Published],
    runs: Mapping[str, Mapping[str, Run]],
    fast: bool,
    progress: Progress,
) -> list[PublishedFinding]:
    """Check one claim after another."""
    found = []
    for i, claim in enumerate(claims):

        def tick(share: float, i: int = i, name: str = claim.name) -> None:
            progress.working(name, (i + share) / len(claims))

        tick(0.0)
        own = runs.get(claim.name, {})
        traces = {name: run.trace for name, run in own.items()}
        folders = {name: run.folder.name for name, run in own.items()}
        found.append(claim.examine(Effort(fast, tick), traces, folders))
    return found


def write(findings: Sequence[PublishedFinding], store: Store, fast: bool) -> list[Path]:
    """Write the table into the store as Markdown, as HTML and as JSON.

    Raises:
        CannotFinish: it cannot be written.
    """
    command = f"retrodict verify --published{' --fast' if fast else ''}"
    markdown, html, json = (store.root / f"published.{ending}" for ending in ("md", "html", "json"))
    atomic_text(markdown, as_markdown(findings, command))
    atomic_text(html, as_html(findings, command))
    KeptPublished(findings, fast, command, retrodict.__version__, code_version()).write(json)
    return [markdown, html, json]


def show(findings: Sequence[PublishedFinding], files: Sequence[Path], as_json: bool) -> None:
    """Print the table, or one JSON list."""
    if as_json:
        print_json([dataclasses.asdict(finding) for finding in findings])
        return
    console = Console()
    table = Table(box=None, padding=(0, 1, 0, 0), title="published claims", title_justify="left")
    for column in ("claim", "source", "predicted", "measured", "verdict"):
        right = column in ("predicted", "measured")
        table.add_column(column, justify="right" if right else "left", no_wrap=column != "source")
    for finding in findings:
        name, source, _, predicted, measured, _, verdict = cells(finding)
        mark = "yellow" if finding.as_recorded else "bold red"
        if finding.verdict == "reproduced":
            mark = "green"
        table.add_row(
            f"[bold]{name}[/bold]",
            escape(source),
            escape(predicted),
            escape(measured),
            f"[{mark}]{verdict}[/{mark}]",
        )
    console.print(table)
    for finding in findings:
        if finding.verdict != "reproduced":
            why = finding.known if finding.as_recorded else finding.deciding.statement
            console.print(
                f"[bold]{finding.name}[/bold] {finding.verdict}: {escape(why)}", highlight=False
            )
        if len(findings) < len(PUBLISHED):
            _print_details(console, finding)
    if len(findings) == len(PUBLISHED):
        console.print(
            "what was compared, and in which setting: in the files, or retrodict verify "
            "--published NAME"
        )
    for path in files:
        console.print(f"wrote {path}", highlight=False, markup=False, soft_wrap=True)


def _print_details(console: Console, finding: PublishedFinding) -> None:
    console.print(
        f"\n{escape(finding.title)} [dim](grade {escape(finding.source or finding.grade)})[/dim]"
    )
    console.print(escape(finding.words))
    facts = (
        f"setting: {finding.setting}",
        f"tested as: {finding.testable}",
        *(f"differs: {text}" for text in finding.differs),
        f"on: {finding.grid}; seeds: {seeds_in_words(finding.seeds)}",
        *(f"run {name}: {folder}" for name, folder in finding.runs.items()),
    )
    for line in facts:
        console.print(f"  {escape(line)}", highlight=False)
    for claim in finding.compared:
        mark = {"holds": "[green]holds[/green]"}.get(claim.verdict, "[bold red]fails[/bold red]")
        told = f"{claim.statement} {claim.predicted}: {claim.measured:.4g}"
        console.print(f"  {mark}  {escape(told)}", highlight=False)
    for note in finding.notes:
        console.print(f"  · {escape(note)}", highlight=False)

"""The report as Markdown with thumbnails: how docs/reproduction.md is made."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import retrodict
from retrodict.claims import Claim, Finding, Kept
from retrodict.errors import printable
from retrodict.figures import TABLES, command
from retrodict.report._collect import Collected, FigureSection
from retrodict.report._differences import differences
from retrodict.report._headline import Answer, headline
from retrodict.report._images import picture
from retrodict.report._machine import duration, machines, seeds
from retrodict.report._published import about, published_of
from retrodict.report._published_tables import HEAD as PUBLISHED_HEAD
from retrodict.report._published_tables import cells as published_cells
from retrodict.report._sections import GRADES, number
from retrodict.report._statements import HEAD, cells

THUMBNAIL = 700
"""Pixels of a thumbnail's width."""


def plain(value: object) -> str:
    """Text that Markdown takes for text, in a table too.

    >>> plain("a | <b>[x](y)</b>")
    'a \\\\| &lt;b&gt;\\\\[x\\\\](y)&lt;/b&gt;'
    """
    said = printable(" ".join(str(value).split())).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", said.replace(">", "&gt;"))


def thumbnails(store: Collected) -> dict[str, bytes]:
    """Figure → its drawing, small."""
    found = {}
    for section in store.sections:
        if section.picture and section.record:
            drawing = next(name for name in section.record.files if name.endswith(".png"))
            small = picture(store.store / drawing, THUMBNAIL)
            if small:
                found[section.figure.name] = small.data
    return found


def as_markdown(
    store: Collected,
    statements: Kept | None,
    found: Sequence[Answer],
    folder: str,
    pictures: Mapping[str, bytes],
) -> str:
    """Write the document.

    Args:
        store: what was read.
        statements: the theorems and lemmas, checked.
        found: the first screen's answers.
        folder: where its thumbnails lie beside it.
        pictures: figures that have one.
    """
    lines = ["# The paper's figures, reproduced", ""]
    lines += [
        f"Made by `retrodict report` {retrodict.__version__} from a store of runs; every number "
        "here comes from there, and every command makes its part anew. Measured values are means "
        "± 95 % intervals over learners.",
        "",
        plain(headline(store, found)),
        "",
        *([f"**{plain(store.changed)}**", ""] if store.changed else []),
    ]
    lines += _table(
        ("answer", "verdict", "measured", "grade"),
        [(a.question, a.verdict, a.text or f"run: {a.command}", a.grade) for a in found],
    )
    lines += ["", "## Overview", ""]
    lines += _table(
        ("figure", "what", "scale", "claims that hold", "verdict", "grade"),
        [_overview(section) for section in store.sections],
        raw=(0,),
    )
    lines += ["", "Grades: " + "; ".join(f"**{k}** {says}" for k, says in GRADES.items()) + "."]
    for section in store.sections:
        lines += _section(section, folder, section.figure.name in pictures)
    lines += _missing(store) + _statements(statements) + _published(store)
    lines += _machine(store)
    for one in TABLES:
        text = one.markdown().rstrip()
        lines += ["", "#" + text]
    return "\n".join(lines) + "\n"


def _overview(section: FigureSection) -> tuple[str, ...]:
    held = sum(claim.verdict == "holds" for claim in section.claims)
    name = section.figure.name
    return (
        f"[{name}](#{name})",
        section.figure.title,
        section.scale,
        f"{held} of {len(section.claims)}",
        section.verdict,
        section.figure.grade,
    )


def _section(section: FigureSection, folder: str, pictured: bool) -> list[str]:
    figure = section.figure
    lines = ["", f"## {figure.name}", "", f"{plain(figure.title)} · grade {figure.grade}", ""]
    said = "Asked" if figure.grade == "O" else "The paper"
    lines += [f"**{said}:** {plain(figure.paper)}", ""]
    if section.stale and not section.problem:
        lines += ["Drawn and checked by another version of the code.", ""]
    if section.problem:
        lines += [f"**Its numbers are not used here:** {plain(section.problem)}", ""]
    if pictured:
        lines += [f"![{figure.name}: {plain(figure.title)}]({folder}/{figure.name}.png)", ""]
    if section.claims:
        lines += [f"**Ours**, at {section.scale} scale: **{section.verdict}**.", ""]
        lines += _table(
            ("claim", "predicted", "measured", "margin", "grade", "verdict"),
            [_claim(claim) for claim in section.claims],
        )
        lines += [""]
    if section.record:
        lines += [f"Configuration: {plain(section.record.note)}.", ""]
        told = plain(differences(section).in_short())
        lines += [f"Differs from paper scale (in brackets): {told}.", ""]
    if section.runs:
        spent = duration(list(section.runs.values()))
        lines += [f"Seeds {seeds(list(section.runs.values()))}; training took {spent}.", ""]
    return [*lines, f"    {section.command}"]


def _claim(claim: Claim) -> tuple[str, ...]:
    return (
        claim.statement,
        claim.predicted,
        f"{claim.measured:.3g}",
        number(claim.margin),
        claim.grade,
        claim.verdict,
    )


def _missing(store: Collected) -> list[str]:
    if not store.missing:
        return []
    items = [f"- {f.name}: {plain(f.title)}: `{command(f.name, 'laptop')}`" for f in store.missing]
    return ["", "## Not reproduced here", "", *items]


def _statements(statements: Kept | None) -> list[str]:
    if statements is None:
        return []
    rows: list[tuple[str, ...]] = [cells(finding) for finding in statements.findings]
    known = [f for f in statements.findings if f.verdict == "fails (known)"]
    lines = ["", "## Statements of the theory", "", f"Made by `{plain(statements.command)}`.", ""]
    return [*lines, *_table(HEAD, rows), "", *(_known(finding) for finding in known)]


def _published(store: Collected) -> list[str]:
    kept = published_of(store.store)
    if kept is None:
        return []
    lines = ["", "## Published claims, checked", ""]
    if isinstance(kept, str):
        return [*lines, f"Cannot be used: {plain(kept)}"]
    rows = [published_cells(finding) for finding in kept.findings]
    lines += [f"{about(kept)}Made by `{plain(kept.command)}`.", "", *_table(PUBLISHED_HEAD, rows)]
    known = [f for f in kept.findings if f.as_recorded and f.verdict != "reproduced"]
    return [*lines, "", *(f"- {f.about.name}: {plain(f.about.known)}" for f in known)]


def _known(finding: Finding) -> str:
    return f"- {plain(finding.about.name)} fails as documented: {plain(finding.about.known)}"


def _machine(store: Collected) -> list[str]:
    rows = [
        (*described, str(len(runs)), seeds(runs), duration(runs))
        for described, runs in machines(store.runs)
    ]
    head = ("processor", "system", "versions", "runs", "seeds", "training time")
    return ["", "## Machine, versions, seeds, times", "", *_table(head, rows)] if rows else []


def _table(
    head: Sequence[str], rows: Sequence[Sequence[str]], raw: Sequence[int] = ()
) -> list[str]:
    """Write a table; columns in `raw` are Markdown already."""
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in rows:
        written = [cell if at in raw else plain(cell) for at, cell in enumerate(row)]
        lines.append("| " + " | ".join(written) + " |")
    return lines


def thumbnail_folder(path: Path) -> Path:
    """Where the thumbnails of a document lie: a folder that nothing else would be called."""
    return path.with_name(f"{path.stem}-figures")

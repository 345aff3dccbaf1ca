"""Published claims in the report: what others found breaks the curse, checked in this store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from retrodict.claims.published import HEAD, KeptPublished, PublishedFinding, body_html, cells
from retrodict.report._html import Html, row, table, tag
from retrodict.report._sections import chip, command_line

Content = TypeVar("Content")


def beside(path: Path, read: Callable[[Path], Content]) -> Content | str | None:
    """Read what a command wrote beside the runs; why it cannot be used; None if there is none."""
    if not path.exists():
        return None
    try:
        return read(path)
    except ValueError as error:
        return str(error)


def published_of(store: Path) -> KeptPublished | str | None:
    """Read a store's checked claims; why they cannot be used; None where there are none."""
    return beside(store / "published.json", KeptPublished.read)


def published_section(kept: KeptPublished | str | None) -> list[Html]:
    """Write the section; nothing where no claim was checked."""
    if kept is None:
        return []
    parts: list[Html] = [tag("h2", "Published claims, checked", id="published-title")]
    if isinstance(kept, str):
        parts.append(tag("p", f"Cannot be used: {kept}", class_="warning"))
    else:
        size = "at the size of a test, which says little" if kept.fast else "ten learners each"
        told = f"What others found breaks the curse, or does not, and two claims of ours: {size}. "
        head = (HEAD[0], HEAD[-1], *HEAD[1:-1])
        parts.append(tag("p", told, "Made by ", command_line(kept.command)))
        rows = map(_line, kept.findings)
        parts.append(table(head, rows, "Published claims", class_="claims statements"))
        parts += map(_details, kept.findings)
    return [tag("section", *parts, id="published", aria_labelledby="published-title")]


def _line(finding: PublishedFinding) -> Html:
    name, *between, _ = cells(finding)
    return row(tag("a", name, href=f"#published-{name}"), chip(finding.verdict), *between)


def _details(finding: PublishedFinding) -> Html:
    return tag(
        "details",
        tag("summary", finding.name, ": ", finding.title, " ", chip(finding.verdict)),
        Html(body_html(finding)),
        id=f"published-{finding.name}",
        class_="statement",
    )

"""Published claims in the report: what others found breaks the curse, checked in this store."""

from __future__ import annotations

from pathlib import Path

from retrodict.claims import KeptPublished, PublishedFinding
from retrodict.figures import code_version
from retrodict.files import VERIFY_PUBLISHED
from retrodict.report._html import Html, row, table, tag
from retrodict.report._published_tables import HEAD, body_html, cells, said
from retrodict.report._sections import chip, command_line

Claims = KeptPublished | str | None


def published_of(store: Path) -> Claims:
    """Read a store's checked claims; why they cannot be used; None where there are none."""
    return VERIFY_PUBLISHED.find(store, KeptPublished.read)


def about(kept: KeptPublished) -> str:
    """Say what the claims are and what to make of them."""
    ours = sum(finding.ours for finding in kept.findings)
    told = f"What others found breaks the curse, or does not; {ours} claims are ours. "
    if kept.fast:
        told += "Checked at the size of a test, which says little. "
    if kept.code != code_version():
        told += "Checked by another version of the code. "
    return told


def published_section(kept: Claims) -> list[Html]:
    """Write the section; nothing where no claim was checked."""
    if kept is None:
        return []
    parts: list[Html] = [tag("h2", "Published claims, checked", id="published-title")]
    if isinstance(kept, str):
        parts.append(tag("p", f"Cannot be used: {kept}", class_="warning"))
    else:
        head = (HEAD[0], HEAD[-1], *HEAD[1:-1])
        parts.append(tag("p", about(kept), "Made by ", command_line(kept.command)))
        rows = map(_line, kept.findings)
        parts.append(table(head, rows, "Published claims", class_="claims statements"))
        parts += map(_details, kept.findings)
    return [tag("section", *parts, id="published", aria_labelledby="published-title")]


def _line(finding: PublishedFinding) -> Html:
    name, *between, _ = cells(finding)
    return row(tag("a", name, href=f"#published-{name}"), chip(said(finding)), *between)


def _details(finding: PublishedFinding) -> Html:
    return tag(
        "details",
        tag("summary", finding.name, ": ", finding.title, " ", chip(said(finding))),
        Html(body_html(finding)),
        id=f"published-{finding.name}",
        class_="statement",
    )

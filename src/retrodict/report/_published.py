"""Published claims in the report: what others found breaks the curse, checked in this store."""

from __future__ import annotations

from pathlib import Path

from retrodict.claims import Finding, Kept
from retrodict.figures import code_version
from retrodict.files import VERIFY_PUBLISHED
from retrodict.report._html import Html, row, table, tag
from retrodict.report._published_tables import HEAD, body_html, cells
from retrodict.report._sections import chip, command_line

Claims = Kept | str | None


def published_of(store: Path) -> Claims:
    """Read a store's checked claims; why they cannot be used; None where there are none."""
    return VERIFY_PUBLISHED.find(store, lambda path: Kept.read(path, published=True))


def about(kept: Kept) -> str:
    """Say what the claims are and what to make of them."""
    ours = sum(finding.about.ours for finding in kept.findings)
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


def _line(finding: Finding) -> Html:
    name, *between, _ = cells(finding)
    return row(tag("a", name, href=f"#published-{name}"), chip(finding.said), *between)


def _details(finding: Finding) -> Html:
    return tag(
        "details",
        tag("summary", finding.about.name, ": ", finding.about.title, " ", chip(finding.said)),
        Html(body_html(finding)),
        id=f"published-{finding.about.name}",
        class_="statement",
    )

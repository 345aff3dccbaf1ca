"""The report as Markdown with thumbnails: how docs/reproduction.md is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from retrodict.claims import Claim, Kept
from retrodict.markdown import Markdown
from retrodict.report._collect import Collected, FigureSection
from retrodict.report._headline import Answer
from retrodict.report._images import picture
from retrodict.report._machine import duration, machines, seeds
from retrodict.report._page import shared
from retrodict.report._render import document, number

THUMBNAIL = 700
"""Pixels of a thumbnail's width."""


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
    return document(
        "report.md.j2",
        answers=[(a.question, a.verdict, a.text or f"run: {a.command}", a.grade) for a in found],
        overview=list(map(_overview, store.sections)),
        claims=lambda section: list(map(_claim, section.claims)),
        folder=folder,
        pictures=pictures,
        machines=[
            (m.processor, m.platform, m.versions, len(m.runs), seeds(m.runs), duration(m.runs))
            for m in machines(store.runs.values())
        ],
        **shared(store, statements, found),
    )


def _overview(section: FigureSection) -> tuple[str, ...]:
    held = sum(claim.verdict == "holds" for claim in section.claims)
    name = section.figure.name
    return (
        Markdown(f"[{name}](#{name})"),
        section.figure.title,
        section.scale,
        f"{held} of {len(section.claims)}",
        section.verdict,
        section.figure.grade,
    )


def _claim(claim: Claim) -> tuple[str, ...]:
    return (
        claim.statement,
        claim.predicted,
        f"{claim.measured:.3g}",
        number(claim.margin),
        claim.grade,
        claim.verdict,
    )


def thumbnail_folder(path: Path) -> Path:
    """Where the thumbnails of a document lie: a folder that nothing else would be called."""
    return path.with_name(f"{path.stem}-figures")

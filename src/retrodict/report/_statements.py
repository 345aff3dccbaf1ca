"""Checked statements and published claims as pages, documents and sections of the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrodict.claims import Claim, Finding, Kept, home
from retrodict.figures import code_version
from retrodict.report._render import document, number, page, write_both
from retrodict.report._words import seeds_in_words


@dataclass(frozen=True)
class Sheet:
    """Findings of one kind, and the texts about each.

    Attributes:
        findings: in order.
        command: the command that checked them.
        published: whether they are published claims, not statements of the theory.
        about: what they are, and how they were checked.
    """

    findings: Sequence[Finding]
    command: str
    published: bool
    about: str = ""

    @property
    def title(self) -> str:
        """The title of a page of them."""
        return "Published claims, checked" if self.published else "The paper's statements, checked"

    @property
    def caption(self) -> str:
        """The title of the overview."""
        return "Published claims" if self.published else "Statements"

    @property
    def head(self) -> tuple[str, ...]:
        """The overview's columns; those of `parts` are the third to the sixth."""
        first = ("claim", "source") if self.published else ("statement", "grade")
        last = ("learners",) if self.published else ("margin", "seeds")
        return (*first, "compared", "predicted", "measured", *last, "verdict")

    @property
    def rows(self) -> list[tuple[str, ...]]:
        """The rows of the overview."""
        return list(map(self.cells, self.findings))

    def cells(self, finding: Finding) -> tuple[str, ...]:
        """One row of the overview."""
        about, numbers = finding.about, self._part(finding.deciding)
        if self.published:
            return (about.name, _source(finding, short=True), *numbers, finding.said)
        seeds = seeds_in_words(finding.evidence.seeds)
        return (about.name, about.grade, *numbers, seeds, finding.said)

    def parts(self, finding: Finding) -> list[tuple[str, ...]]:
        """The table of what was compared."""
        return list(map(self._part, finding.evidence.parts))

    def _part(self, part: Claim) -> tuple[str, ...]:
        said, found = (part.statement, part.predicted), part.measured
        if self.published:
            return (*said, f"{found:.3g}", str(found.learners))
        return (*said, number(found.mean), number(part.margin))

    def facts(self, finding: Finding) -> list[tuple[str, str]]:
        """Everything else about a finding, as pairs of label and text."""
        about, evidence = finding.about, finding.evidence
        facts = [("grade", about.grading or about.grade)]
        if self.published:
            facts = [("source", _source(finding)), ("what we read", facts[0][1])]
        facts += [
            ("setting", about.setting),
            ("verdict", finding.said),
            *(
                ("assumes" if met else "assumes, NOT MET", text)
                for text, met in finding.assumptions
            ),
            ("tested as", about.testable),
            ("known", about.known),
            *(("differs", text) for text in evidence.differs),
            ("grid", evidence.grid),
            ("runs", ", ".join(finding.runs.values())),
            ("seeds", seeds_in_words(evidence.seeds)),
        ]
        return [(label, text) for label, text in facts if text]


def sheet_of(kept: Kept) -> Sheet:
    """Make the sheet of a store's checked findings."""
    if not kept.published:
        grids = "smaller grids and fewer draws" if kept.fast else "the full grids"
        about = f"Theorems, lemmas and propositions, the paper's and ours, checked on {grids}."
        return Sheet(kept.findings, kept.command, False, about)
    ours = sum(finding.about.ours for finding in kept.findings)
    about = f"What others found breaks the curse, or does not; {ours} claims are ours."
    if kept.fast:
        about += " Checked with tiny models, which says little."
    if kept.code != code_version():
        about += " Checked by another version of the code."
    return Sheet(kept.findings, kept.command, True, about)


def write_findings(sheet: Sheet, root: Path) -> list[Path]:
    """Write findings into a store as HTML and as Markdown; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    return write_both(root / home(sheet.published).name, as_html(sheet), as_markdown(sheet))


def as_html(sheet: Sheet) -> str:
    """Write a page: an overview, and a section for each finding."""
    return page("statements.html.j2", title=f"retrodict: {sheet.title}", sheet=sheet)


def as_markdown(sheet: Sheet) -> str:
    """Write the same as Markdown."""
    return document("statements.md.j2", sheet=sheet)


def _source(finding: Finding, short: bool = False) -> str:
    about = finding.about
    if about.ours or about.source is None:
        return f"ours ({about.grade})"
    return f"{about.source if short else about.source.in_full} ({about.grade})"

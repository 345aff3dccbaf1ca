"""Checked published claims as Markdown and as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retrodict.claims._claim import Claim
from retrodict.claims._published import PublishedFinding
from retrodict.report._statements import escape, page, plain, seeds_in_words

HEAD = ("claim", "source", "compared", "predicted", "measured", "learners", "verdict")
_TITLE = "Published claims, checked"


def said(finding: PublishedFinding) -> str:
    """The verdict, and whether it is known.

    A claim that is not reproduced and known not to be says so.
    """
    known = finding.as_recorded and finding.verdict != "reproduced"
    return f"{finding.verdict} (known)" if known else finding.verdict


def cells(finding: PublishedFinding) -> tuple[str, ...]:
    """One row of the overview, under `HEAD`."""
    return (finding.name, _source(finding, short=True), *_compared(finding.deciding), said(finding))


def as_markdown(findings: Sequence[PublishedFinding], command: str) -> str:
    """Write the overview and a section a claim.

    Args:
        findings: in order.
        command: what made them.
    """
    lines = [f"# {_TITLE}", "", f"Made by `{command}`.", "", *_rows(HEAD, map(cells, findings))]
    for f in findings:
        lines += ["", f"## {f.name}: {f.title}", "", plain(f.words), ""]
        lines += [f"- {label}: {plain(text)}" for label, text in _facts(f)]
        lines += ["", *_rows(HEAD[2:-1], map(_compared, f.compared))]
        if f.notes:
            lines += ["", *(f"- {plain(note)}" for note in f.notes)]
    return "\n".join(lines) + "\n"


def as_html(findings: Sequence[PublishedFinding], command: str) -> str:
    """Write the same as a page that works offline, on a phone, in print, light and dark."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    overview = "".join(
        f'<tr class="{_css(f)}"><td><a href="#{escape(f.name)}">{escape(f.name)}</a></td>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells(f)[1:])
        + "</tr>"
        for f in findings
    )
    return page(_TITLE, command, head, overview, "".join(map(_section, findings)))


def _section(f: PublishedFinding) -> str:
    return (
        f'<section id="{escape(f.name)}"><h2>{escape(f.name)}: {escape(f.title)} '
        f'<span class="verdict {_css(f)}">{escape(said(f))}</span></h2>{body_html(f)}</section>'
    )


def body_html(f: PublishedFinding) -> str:
    """Write what is said of a claim below its title."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD[2:-1])
    parts = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _compared(claim)) + "</tr>"
        for claim in f.compared
    )
    facts = "".join(f"<li>{label}: {escape(text)}</li>" for label, text in _facts(f))
    notes = "".join(f"<li>{escape(note)}</li>" for note in f.notes)
    return f"<p>{escape(f.words)}</p><ul>{facts}</ul><table><tr>{head}</tr>{parts}</table>" + (
        f"<ul>{notes}</ul>" if notes else ""
    )


def _facts(f: PublishedFinding) -> list[tuple[str, str]]:
    facts = [("source", _source(f)), ("known of it", f.source or f.grade), ("setting", f.setting)]
    facts += [("tested as", f.testable), ("verdict", said(f))]
    facts += [("known", f.known)] if f.known else []
    facts += [("differs", text) for text in f.differs]
    facts += [("grid", f.grid)] if f.grid else []
    facts += [("runs", ", ".join(f.runs.values()))] if f.runs else []
    return [*facts, ("seeds", seeds_in_words(f.seeds))]


def _source(f: PublishedFinding, short: bool = False) -> str:
    if f.ours:
        return f"ours ({f.grade})"
    authors = f.authors.split(", ")
    names = f"{authors[0]} et al." if short and len(authors) > 2 else f.authors
    where = f", arXiv {f.arxiv}" if f.arxiv else ""
    return f"{names} {f.year}{where} ({f.grade})"


def _compared(claim: Claim) -> tuple[str, ...]:
    measured = f"{claim.measured:.3g}"
    return (claim.statement, claim.predicted, measured, str(claim.measured.learners))


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(map(plain, row)) + " |" for row in rows]


def _css(f: PublishedFinding) -> str:
    if f.verdict == "reproduced":
        return "holds"
    return "other" if f.as_recorded else "fails"

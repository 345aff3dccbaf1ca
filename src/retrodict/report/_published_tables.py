"""Checked published claims as Markdown and as one HTML file that needs nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from retrodict.claims import About, Claim, Finding
from retrodict.report._statements import escape, page, plain, seeds_in_words

HEAD = ("claim", "source", "compared", "predicted", "measured", "learners", "verdict")
_TITLE = "Published claims, checked"


def cells(finding: Finding) -> tuple[str, ...]:
    """One row of the overview, under `HEAD`."""
    about = finding.about
    return (about.name, _source(about, short=True), *_compared(finding.deciding), finding.said)


def as_markdown(findings: Sequence[Finding], command: str) -> str:
    """Write the overview and a section a claim.

    Args:
        findings: in order.
        command: what made them.
    """
    lines = [f"# {_TITLE}", "", f"Made by `{command}`.", "", *_rows(HEAD, map(cells, findings))]
    for f in findings:
        lines += ["", f"## {f.about.name}: {f.about.title}", "", plain(f.about.words), ""]
        lines += [f"- {label}: {plain(text)}" for label, text in _facts(f)]
        lines += ["", *_rows(HEAD[2:-1], map(_compared, f.evidence.parts))]
        if f.evidence.notes:
            lines += ["", *(f"- {plain(note)}" for note in f.evidence.notes)]
    return "\n".join(lines) + "\n"


def as_html(findings: Sequence[Finding], command: str) -> str:
    """Write the same as a page that works offline, on a phone, in print, light and dark."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    overview = "".join(
        f'<tr class="{_css(f)}"><td><a href="#{escape(f.about.name)}">{escape(f.about.name)}</a>'
        "</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(f)[1:]) + "</tr>"
        for f in findings
    )
    return page(_TITLE, command, head, overview, "".join(map(_section, findings)))


def _section(f: Finding) -> str:
    return (
        f'<section id="{escape(f.about.name)}"><h2>{escape(f.about.name)}: {escape(f.about.title)} '
        f'<span class="verdict {_css(f)}">{escape(f.said)}</span></h2>{body_html(f)}</section>'
    )


def body_html(f: Finding) -> str:
    """Write what is said of a claim below its title."""
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD[2:-1])
    parts = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _compared(claim)) + "</tr>"
        for claim in f.evidence.parts
    )
    facts = "".join(f"<li>{label}: {escape(text)}</li>" for label, text in _facts(f))
    notes = "".join(f"<li>{escape(note)}</li>" for note in f.evidence.notes)
    words = f"<p>{escape(f.about.words)}</p><ul>{facts}</ul>"
    return f"{words}<table><tr>{head}</tr>{parts}</table>" + (f"<ul>{notes}</ul>" if notes else "")


def _facts(f: Finding) -> list[tuple[str, str]]:
    about, found = f.about, f.evidence
    facts = [("source", _source(about)), ("known of it", about.grading or about.grade)]
    facts += [("setting", about.setting), ("tested as", about.testable), ("verdict", f.said)]
    facts += [("known", about.known)] if about.known else []
    facts += [("differs", text) for text in found.differs]
    facts += [("grid", found.grid)] if found.grid else []
    facts += [("runs", ", ".join(f.runs.values()))] if f.runs else []
    return [*facts, ("seeds", seeds_in_words(found.seeds))]


def _source(about: About, short: bool = False) -> str:
    if about.ours or about.source is None:
        return f"ours ({about.grade})"
    return f"{about.source if short else about.source.in_full} ({about.grade})"


def _compared(claim: Claim) -> tuple[str, ...]:
    measured = f"{claim.measured:.3g}"
    return (claim.statement, claim.predicted, measured, str(claim.measured.learners))


def _rows(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return lines + ["| " + " | ".join(map(plain, row)) + " |" for row in rows]


def _css(f: Finding) -> str:
    if f.verdict == "reproduced":
        return "holds"
    return "other" if f.as_recorded else "fails"

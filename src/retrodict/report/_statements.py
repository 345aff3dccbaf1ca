"""Checked statements as Markdown and as one HTML file that needs nothing else."""

from __future__ import annotations

import base64
import html
import io
import math
import re
from collections.abc import Sequence

from retrodict.claims import Claim, Finding
from retrodict.errors import printable
from retrodict.plots._drawing import drawing

HEAD = ("statement", "grade", "compared", "predicted", "measured", "margin", "seeds", "verdict")


def number(value: float) -> str:
    """Write a number in three digits, or that there is none.

    >>> number(0.00012345), number(float("nan"))
    ('0.000123', 'none')
    """
    return f"{value:.3g}" if math.isfinite(value) else "none"


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Write seeds shortly.

    >>> seeds_in_words([0, 1, 2]), seeds_in_words([7]), seeds_in_words([])
    ('0 to 2', '7', 'nothing random')
    """
    if not seeds:
        return "nothing random"
    return str(seeds[0]) if len(seeds) == 1 else f"{seeds[0]} to {seeds[-1]}"


def cells(finding: Finding) -> tuple[str, ...]:
    """One row of the overview, under `HEAD`."""
    return (
        finding.about.name,
        finding.about.grade,
        *_part(finding.deciding),
        seeds_in_words(finding.evidence.seeds),
        finding.verdict,
    )


def _part(part: Claim) -> tuple[str, str, str, str]:
    return part.statement, part.predicted, number(part.measured.mean), number(part.margin)


def escape(text: str) -> str:
    """Text as HTML shows it, without characters that nobody sees."""
    return html.escape(printable(text))


def as_markdown(findings: Sequence[Finding], command: str) -> str:
    """Write the overview and a section a statement.

    Args:
        findings: in order.
        command: what made them.
    """
    lines = ["# The paper's statements, checked", "", f"Made by `{command}`.", ""]
    lines += ["| " + " | ".join(HEAD) + " |", "|" + "---|" * len(HEAD)]
    lines += ["| " + " | ".join(plain(cell) for cell in cells(f)) + " |" for f in findings]
    for f in findings:
        about = f.about
        lines += ["", f"## {about.name}: {about.title}", "", plain(about.words), ""]
        lines += [f"$${about.formula}$$", ""]
        lines += [f"- {label}: {plain(text)}" for label, text in _facts(f)]
        lines += ["", "| compared | predicted | measured | margin |", "|---|---|---|---|"]
        lines += [f"| {' | '.join(map(plain, _part(p)))} |" for p in f.evidence.parts]
        if f.evidence.notes:
            lines += ["", *(f"- {plain(note)}" for note in f.evidence.notes)]
    return "\n".join(lines) + "\n"


def as_html(findings: Sequence[Finding], command: str) -> str:
    """Write the same as a page that works offline, on a phone, in print, light and dark."""
    overview = "".join(
        f'<tr class="{_css(f)}"><td><a href="#{escape(f.about.name)}">{escape(f.about.name)}</a>'
        "</td>" + "".join(f"<td>{escape(cell)}</td>" for cell in cells(f)[1:]) + "</tr>"
        for f in findings
    )
    head = "".join(f"<th>{escape(name)}</th>" for name in HEAD)
    sections = "".join(_section(f) for f in findings)
    return page("The paper's statements, checked", command, head, overview, sections)


def page(title: str, command: str, head: str, overview: str, sections: str) -> str:
    """Put a page together.

    Args:
        title: of the page.
        command: what made it.
        head, overview, sections: the overview's cells and rows, and what follows, as HTML.
    """
    return _PAGE.format(
        title=escape(title),
        command=escape(command),
        head=head,
        overview=overview,
        sections=sections,
    )


def _section(f: Finding) -> str:
    return (
        f'<section id="{escape(f.about.name)}"><h2>{escape(f.about.name)}: {escape(f.about.title)} '
        f'<span class="verdict {_css(f)}">{escape(f.verdict)}</span></h2>{body_html(f)}</section>'
    )


def body_html(f: Finding) -> str:
    """Write all there is to say of a statement, without a heading, as HTML."""
    facts = "".join(f"<li>{label}: {escape(text)}</li>" for label, text in _facts(f))
    parts = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in _part(p)) + "</tr>"
        for p in f.evidence.parts
    )
    notes = "".join(f"<li>{escape(note)}</li>" for note in f.evidence.notes)
    return (
        f"<p>{escape(f.about.words)}</p>{_formula(f.about.formula)}<ul>{facts}</ul>"
        "<table><tr><th>compared</th><th>predicted</th><th>measured</th><th>margin</th></tr>"
        f"{parts}</table>" + (f"<ul>{notes}</ul>" if notes else "")
    )


def _facts(f: Finding) -> list[tuple[str, str]]:
    about = f.about
    facts = [("grade", about.grading or about.grade), ("verdict", f.verdict)]
    facts += [("assumes" if met else "assumes, NOT MET", text) for text, met in f.assumptions]
    facts += [("made testable", about.testable)] if about.testable else []
    facts += [("known", about.known)] if about.known else []
    facts += [("grid", f.evidence.grid)] if f.evidence.grid else []
    return [*facts, ("seeds", seeds_in_words(f.evidence.seeds))]


def plain(text: str) -> str:
    """Text as a cell of a Markdown table."""
    return text.replace("|", "\\|").replace("\n", " ")


def _css(f: Finding) -> str:
    return {"holds": "holds", "fails": "fails"}.get(f.verdict, "other")


_LONGEST_FORMULA = 500
_MATHTEXT = {
    r"\Bigl": r"\left",
    r"\Bigr": r"\right",
    r"\le": r"\leq",
    r"\ge": r"\geq",
    r"\to": r"\rightarrow",
}
"""TeX that matplotlib spells differently."""


@drawing()
def _formula(tex: str) -> str:
    """Draw a formula as an inline image; its TeX is the alternative text.

    Ours are short and ASCII; what is not, a file's may be, is shown as it is written.
    """
    from matplotlib.figure import Figure

    if not (tex.isascii() and tex.isprintable() and len(tex) <= _LONGEST_FORMULA):
        return f"<p><code>{escape(tex)}</code></p>"
    figure = Figure(figsize=(0.1, 0.1))
    text = tex
    for ours, mathtext in _MATHTEXT.items():
        text = re.sub(re.escape(ours) + r"(?![A-Za-z])", re.escape(mathtext), text)
    figure.text(0, 0, f"${text}$", fontsize=12)
    buffer = io.BytesIO()
    try:
        figure.savefig(
            buffer, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None}
        )
    except (
        ValueError,
        RuntimeError,
    ):  # not TeX that matplotlib reads, or too deep
        return f"<p><code>{escape(tex)}</code></p>"
    data = base64.b64encode(buffer.getvalue()).decode()
    return (
        f'<p><img class="formula" alt="{escape(tex)}" src="data:image/svg+xml;base64,{data}"></p>'
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>retrodict: {title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto;
  padding: 0 1rem; }}
table {{ border-collapse: collapse; width: 100%; font-size: 0.85em; display: block;
  overflow-x: auto; }}
th, td {{ text-align: left; vertical-align: top; padding: 0.3em 0.7em;
  border-bottom: 1px solid #8886; }}
.formula {{ max-width: 100%; }}
tr.fails td:last-child, .verdict.fails {{ color: #c02020; font-weight: bold; }}
tr.holds td:last-child, .verdict.holds {{ color: #0a7a3d; }}
.verdict {{ font-size: 0.7em; }}
@media (prefers-color-scheme: dark) {{
  .formula {{ filter: invert(0.9); }}
  tr.holds td:last-child, .verdict.holds {{ color: #5fd08a; }}
  tr.fails td:last-child, .verdict.fails {{ color: #ff7b72; }}
}}
</style></head><body>
<h1>{title}</h1>
<p>Made by <code>{command}</code>.</p>
<table><tr>{head}</tr>{overview}</table>
{sections}
</body></html>
"""

"""The page: one HTML file that needs nothing else, and may load nothing else.

A content security policy allows only the page's own script, by its hash, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import time
from collections.abc import Mapping, Sequence
from importlib import resources

import retrodict
from retrodict.claims import Finding, Kept
from retrodict.figures import FIGURES, FINDINGS, TABLES, THEORY_FIGURES, PaperFigure, command
from retrodict.report._collect import Collected, FigureSection
from retrodict.report._embedded import embedded
from retrodict.report._headline import Answer, headline
from retrodict.report._html import Html, join, row, table, tag
from retrodict.report._leaderboard import leaderboard_of, leaderboard_section
from retrodict.report._machine import machine_section
from retrodict.report._published import published_of, published_section
from retrodict.report._sections import (
    CHIPS,
    GRADES,
    chip,
    command_line,
    figure_section,
    grade,
    own_section,
)
from retrodict.report._statements import HEAD, body_html, cells

_SCRIPTS = ("data.js", "chart.js", "matrices.js", "explorer.js", "page.js")
_GROUPS: tuple[tuple[str, str, Sequence[PaperFigure]], ...] = (
    ("figures", "Figures of the paper", FIGURES),
    ("findings", "What we found on the way", FINDINGS),
    ("theory", "What the theory is good for", THEORY_FIGURES),
)

_WITHOUT_SCRIPTS = (
    "Scripts are off: every drawing and table is here, but not the curves and weights to play with."
)


def as_html(store: Collected, statements: Kept | None, found: Sequence[Answer]) -> str:
    """Write the page.

    Args:
        store: what was read.
        statements: the theorems and lemmas, checked.
        found: the first screen's answers.
    """
    data, ids = embedded(store.runs)
    board, published = leaderboard_of(store.store), published_of(store.store)
    script = _script()
    main = tag(
        "main",
        _first_screen(store, found),
        _contents(store, statements, board is not None, published is not None),
        *(_group(store, ids, *group) for group in _GROUPS),
        *_statements(statements),
        *leaderboard_section(board),
        *published_section(published),
        *own_section(store, ids),
        *_not_here(store),
        _tables(),
        machine_section(store),
        id="main",
    )
    body = tag(
        "body",
        tag("a", "Skip to the answer", href="#answer", class_="skip"),
        main,
        tag("footer", tag("p", _made())),
        *data,
        tag("script", Html(script)),
    )
    return "<!doctype html>\n" + tag("html", _head(script), body, lang="en") + "\n"


def _head(script: str) -> Html:
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        "default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        f"script-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    )
    return tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("title", "retrodict: does the reversal curse appear?"),
        tag("style", Html(_asset("report.css"))),
    )


def _asset(name: str) -> str:
    return resources.files("retrodict.report").joinpath("assets", name).read_text("utf-8")


def _script() -> str:
    parts = "\n".join(_asset(name) for name in _SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}}})();\n'


def _first_screen(store: Collected, found: Sequence[Answer]) -> Html:
    rows = [
        row(
            tag("a", answer.question, href=f"#{answer.links[0]}"),
            chip(answer.verdict, exceptions=True),
            _lines(answer),
            grade(answer.grade),
        )
        for answer in found
    ]
    return tag(
        "section",
        tag("p", "retrodict report", class_="kicker"),
        tag("h1", "Does a model that learned A → B know B ← A?", id="answer-title"),
        tag("p", headline(store, found), class_="lead"),
        tag("p", tag("strong", store.changed)) if store.changed else "",
        table(("", "verdict", "measured", "grade"), rows, "Verdicts", class_="answers"),
        tag("noscript", tag("p", _WITHOUT_SCRIPTS, class_="hint")),
        tag("p", _scales(store), class_="hint"),
        tag(
            "p",
            "Grades: ",
            join((join([tag("b", key), " ", says]) for key, says in GRADES.items()), "; "),
            ".",
            class_="hint legend",
        ),
        id="answer",
        aria_labelledby="answer-title",
    )


def _lines(answer: Answer) -> Html:
    if not answer.lines:
        return join(["run ", command_line(answer.command)])
    return join(tag("div", line) for line in answer.lines)


def _scales(store: Collected) -> str:
    scales = [section.scale for section in store.sections if section.scale]
    counted = [f"{scales.count(scale)} at {scale} scale" for scale in dict.fromkeys(scales)]
    told = f"Figures here: {', '.join(counted)}. " if counted else "No figure is drawn here yet. "
    if any(scale != "paper" for scale in scales):
        told += "Each section says where that differs from the paper's own configuration. "
    return (
        told
        + "Numbers are means ± 95 % intervals over learners; NLL is the negative "
        + ("log-probability of the right answer, in nats.")
    )


def _contents(
    store: Collected, statements: Kept | None, has_board: bool, has_published: bool
) -> Html:
    def entry(section: FigureSection) -> Html:
        shape = tag("span", CHIPS[section.verdict][1], class_=CHIPS[section.verdict][0])
        name = section.figure.name
        words = tag("span", f", {section.verdict}", class_="unseen")
        return tag("li", tag("a", shape, " ", name, words, href=f"#{name}"))

    parts: list[Html] = [tag("li", tag("a", "Answer", href="#answer"))]
    for name, title, figures in _GROUPS:
        inside = [entry(s) for s in store.sections if s.figure in figures]
        if inside:
            parts.append(tag("li", tag("a", title, href=f"#{name}"), tag("ul", *inside)))
    others = [("statements", "Statements", statements is not None)]
    others += [("leaderboard", "What breaks the curse?", has_board)]
    others += [("published", "Published claims", has_published)]
    others += [("own", "Experiments of your own", bool(store.own or store.left_out))]
    others += [("not-here", "Not reproduced here", bool(store.missing))]
    others += [("tables", "Tables", True), ("machine", "Machine, versions, seeds", True)]
    parts += [tag("li", tag("a", title, href=f"#{name}")) for name, title, there in others if there]
    return tag(
        "nav", tag("p", "Contents", class_="kicker"), tag("ul", *parts), aria_label="contents"
    )


def _group(
    store: Collected,
    ids: Mapping[str, str],
    name: str,
    title: str,
    figures: Sequence[PaperFigure],
) -> Html:
    inside = [figure_section(s, ids) for s in store.sections if s.figure in figures]
    if not inside:
        return Html("")
    return tag("section", tag("h2", title, id=f"{name}-title"), *inside, id=name, class_="group")


def _statements(statements: Kept | None) -> list[Html]:
    if statements is None:
        return []
    rows = [_statement(finding) for finding in statements.findings]
    head = (HEAD[0], HEAD[-1], *HEAD[1:-1])  # the verdict where a narrow screen shows it
    grids = "smaller grids and fewer draws" if statements.fast else "the full grids"
    told = f"Theorems, lemmas and propositions, the paper's and ours, checked on {grids}. "
    details = [
        tag(
            "details",
            tag("summary", f.about.name, ": ", f.about.title, " ", chip(f.verdict)),
            Html(body_html(f)),
            id=f.about.name,
            class_="statement",
        )
        for f in statements.findings
    ]
    return [
        tag(
            "section",
            tag("h2", "Statements of the theory", id="statements-title"),
            tag("p", told, "Made by ", command_line(statements.command)),
            table(head, rows, "Statements", class_="claims statements"),
            *details,
            id="statements",
            aria_labelledby="statements-title",
        )
    ]


def _statement(finding: Finding) -> Html:
    name, _, compared, predicted, measured, margin, seeds, _ = cells(finding)
    return row(
        tag("a", name, href=f"#{name}"),
        chip(finding.verdict),
        grade(finding.about.grade),
        compared,
        predicted,
        measured,
        margin,
        seeds,
        numbers=(4, 5, 6),
        class_="fails" if finding.verdict == "fails" else None,
    )


def _not_here(store: Collected) -> list[Html]:
    if not store.missing:
        return []
    items = [
        tag("li", tag("b", f.name), ": ", f.title, " ", command_line(command(f.name, "laptop")))
        for f in store.missing
    ]
    return [
        tag(
            "section",
            tag("h2", "Not reproduced here", id="not-here-title"),
            tag("ul", *items, class_="missing"),
            id="not-here",
            aria_labelledby="not-here-title",
        )
    ]


def _tables() -> Html:
    parts: list[Html] = []
    for one in TABLES:
        rows = [row(*cells_) for cells_ in one.rows()]
        summary = tag("summary", one.title, " ", grade(one.grade))
        parts.append(tag("details", summary, tag("p", one.paper), table(one.head, rows, one.title)))
    return tag(
        "section",
        tag("h2", "Tables of the paper", id="tables-title"),
        *parts,
        id="tables",
        aria_labelledby="tables-title",
    )


def _made() -> Html:
    when = time.strftime("%Y-%m-%d %H:%M %Z")
    paper = tag("a", "arXiv 2405.04669", href="https://arxiv.org/abs/2405.04669", rel="noreferrer")
    return join(
        [
            f"Written by retrodict {retrodict.__version__} on {when}, by ",
            tag("code", "retrodict report"),
            ". The paper: Zhu, Huang, Zhang, Jordan, Jiao, Tian, Russell, “Towards a Theoretical "
            "Understanding of the ‘Reversal Curse’ via Training Dynamics”, NeurIPS 2024, ",
            paper,
            ".",
        ]
    )

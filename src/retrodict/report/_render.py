"""Render pages and documents from templates, which escape every value that is not yet markup.

Names, titles and notes come from untrusted files. Only `Markup` in HTML and `Markdown` in Markdown
are not escaped. A page is one file: its content security policy allows
its own script, by its hash, and no request at all.
"""

from __future__ import annotations

import base64
import hashlib
import json
import math
from collections.abc import Sequence
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.nodes import EvalContext
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

import retrodict
from retrodict.errors import printable
from retrodict.files import atomic_text, jsonable
from retrodict.leaderboard import HEAD, legend, texts
from retrodict.markdown import Markdown, escaped, markdown_table
from retrodict.measures import BEATS_WRONG
from retrodict.report._formula import formula

CHIPS = {
    "holds": ("holds", "✓"),
    "fails": ("fails", "✕"),
    "fails (known)": ("known", "◐"),
    "not applicable": ("none", "–"),
    "not measured": ("none", "–"),
    "reproduced": ("holds", "✓"),
    "not reproduced at this scale (known)": ("known", "◐"),
    "contradicted (known)": ("known", "◐"),
    "not reproduced at this scale": ("fails", "✕"),
    "contradicted": ("fails", "✕"),
}
"""Verdict → its class and its shape, so that colour is never the only sign."""

BOARD_MARKS = {"broken": "▲", "partly": "◆", "cursed": "▼"}
"""Verdict of the leaderboard → its shape."""

GRADES = {
    "S": "stated in the paper's abstract or captions, or read off the authors' code",
    "N": "found in third-party notes on the paper",
    "R": "reconstructed by us from the set-up; not the paper's wording",
    "O": "ours: the paper does not have it",
}


def page(template: str, scripts: Sequence[str] = (), **context: Any) -> str:
    """Render an HTML page that needs no other file; scripts are those in `assets`, in order."""
    script = ""
    if scripts:
        code = "\n".join(map(_asset, scripts))
        script = f'(() => {{\n"use strict";\n{code}}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = {"script": Markup(script), "script_digest": digest, "style": Markup(_asset("page.css"))}
    return printable(document(template, **own, **context))


def document(template: str, **context: Any) -> str:
    """Fill in a template; its name ends with .html.j2 or .md.j2."""
    return _environment().get_template(template).render(context)


def write_both(json: Path, html: str, markdown: str) -> list[Path]:
    """Write a page and a document next to a store's JSON file; return the files.

    Raises:
        CannotFinish: they cannot be written.
    """
    texts = {json.with_suffix(".html"): html, json.with_suffix(".md"): markdown}
    for path, text in texts.items():
        atomic_text(path, text)
    return list(texts)


def json_script(value: Any, name: str) -> Markup:
    """Embed a value that scripts find by name; text in it cannot close the element."""
    content = htmlsafe_json_dumps(jsonable(value), allow_nan=False, separators=(",", ":"))
    return Markup('<script type="application/json" id="{}">{}</script>').format(name, content)


def _asset(name: str) -> str:
    return resources.files("retrodict.report").joinpath("assets", name).read_text("utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("retrodict.report"),
        undefined=StrictUndefined,
        autoescape=select_autoescape(disabled_extensions=["md.j2"], default=True),
        finalize=_for_markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"spec": format, "number": number, "json": json.dumps}
    environment.filters |= {"formula": formula, "markdown": Markdown, "board_cells": texts}
    environment.globals |= {
        "BEATS_WRONG": BEATS_WRONG,
        "BOARD_HEAD": HEAD,
        "BOARD_MARKS": BOARD_MARKS,
        "board_legend": legend,
        "CHIPS": CHIPS,
        "GRADES": GRADES,
        "table": markdown_table,
        "version": retrodict.__version__,
    }
    return environment


@pass_eval_context
def _for_markdown(context: EvalContext, value: object) -> object:
    """Escape a value for Markdown, which Jinja does not escape."""
    return value if context.autoescape else escaped(value)


def number(value: float) -> str:
    """Write a number in three digits, or "none".

    >>> number(0.00012345), number(float("nan"))
    ('0.000123', 'none')
    """
    return f"{value:.3g}" if math.isfinite(value) else "none"

"""Pages and documents from templates: whatever is not markup already is escaped on its way in.

Names, titles and notes come from files that anybody may have written. In HTML and in Markdown only
`Markup` and `Markdown` are left as they are. A page is one file: its content security policy allows
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
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_eval_context, select_autoescape
from jinja2.nodes import EvalContext
from jinja2.utils import htmlsafe_json_dumps
from markupsafe import Markup

import retrodict
from retrodict.errors import printable
from retrodict.files import jsonable
from retrodict.markdown import Markdown, escaped, markdown_table
from retrodict.measures import BEATS_WRONG
from retrodict.report._formula import formula

CHIPS = {
    "holds": ("holds", "✓", "holds"),
    "fails": ("fails", "✕", "fails"),
    "fails (known)": ("known", "◐", "fails (known)"),
    "not applicable": ("none", "–", "not applicable"),
    "not measured": ("none", "–", "not measured"),
    "reproduced": ("holds", "✓", "reproduced"),
    "not reproduced at this scale (known)": ("known", "◐", "not reproduced (known)"),
    "contradicted (known)": ("known", "◐", "contradicted (known)"),
    "not reproduced at this scale": ("fails", "✕", "not reproduced at this scale"),
    "contradicted": ("fails", "✕", "contradicted"),
}
"""Verdict → its class, its shape and its words; never told by colour alone."""

GRADES = {
    "S": "stated in the paper's abstract or captions, or read off the authors' code",
    "N": "found in third-party notes on the paper",
    "R": "reconstructed by us from the set-up; not the paper's wording",
    "O": "ours: the paper does not have it",
}


def page(template: str, scripts: Sequence[str] = (), **context: Any) -> str:
    """Write an HTML page that needs nothing else.

    Args:
        template: its name.
        scripts: files in `assets`, run one after another.
        context: what the template shows.
    """
    script = ""
    if scripts:
        code = "\n".join(map(_asset, scripts))
        script = f'(() => {{\n"use strict";\n{code}}})();\n'
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    own = {"script": Markup(script), "script_digest": digest, "style": Markup(_asset("page.css"))}
    return printable(document(template, **own, **context))


def document(template: str, **context: Any) -> str:
    """Write what a template says; its name ends with .html.j2 or .md.j2."""
    return _environment().get_template(template).render(context)


def json_script(value: Any, name: str) -> Markup:
    """Embed a value for scripts to find by name; no text in it can end the element."""
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
    environment.filters |= {"formula": formula, "markdown": Markdown}
    environment.globals |= {
        "BEATS_WRONG": BEATS_WRONG,
        "CHIPS": CHIPS,
        "GRADES": GRADES,
        "table": markdown_table,
        "version": retrodict.__version__,
    }
    return environment


@pass_eval_context
def _for_markdown(context: EvalContext, value: object) -> object:
    """Escape what goes into a document that Jinja does not escape: Markdown."""
    return value if context.autoescape else escaped(value)


def number(value: float) -> str:
    """Write a number in three digits, or that there is none.

    >>> number(0.00012345), number(float("nan"))
    ('0.000123', 'none')
    """
    return f"{value:.3g}" if math.isfinite(value) else "none"

"""Markup that cannot be broken into: whatever is not `Html` already is escaped on its way in.

Names, titles and notes come from files that anybody may have written; no page is put together by
hand from text, only by `tag` and `join`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from html import escape
from typing import Any

from retrodict.errors import printable
from retrodict.files import jsonable

_VOID = frozenset(("img", "input", "meta", "link", "br", "hr"))


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def text(value: object) -> Html:
    """Escape a value, unless it is markup.

    >>> text("<b>"), text(Html("<b>"))
    ('&lt;b&gt;', '<b>')
    """
    return value if isinstance(value, Html) else Html(escape(printable(str(value)), quote=True))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Put parts one after another, each escaped unless it is markup."""
    return Html(escape(between).join(text(part) for part in parts))


def tag(name: str, /, *parts: object, **attributes: object) -> Html:
    """Build an element; `class_` is `class`, `data_run` is `data-run`, True is a bare attribute.

    >>> tag("a", "<fig>", href="#x", class_="chip")
    '<a href="#x" class="chip">&lt;fig&gt;</a>'
    """
    head = name
    for key, value in attributes.items():
        if value is None or value is False:
            continue
        key = key.rstrip("_").replace("_", "-")
        head += f" {key}" if value is True else f' {key}="{text(str(value))}"'
    if name in _VOID:
        return Html(f"<{head}>")
    return Html(f"<{head}>{join(parts)}</{name}>")


def table(
    head: Sequence[object], rows: Iterable[Html], caption: str = "", class_: str | None = None
) -> Html:
    """Build a table that scrolls within itself where it is too wide."""
    parts = [tag("caption", caption)] if caption else []
    parts.append(tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head))))
    parts.append(tag("tbody", *rows))
    label = caption or "table"
    return tag(
        "div",
        tag("table", *parts, class_=class_),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=label,
    )


def row(*cells: object, class_: str | None = None, numbers: Sequence[int] = ()) -> Html:
    """Build a row whose first cell heads it; `numbers` are the columns that hold numbers."""
    found = []
    for at, cell in enumerate(cells):
        kind = "n" if at in numbers else None
        found.append(
            tag("th", cell, scope="row", class_=kind) if at == 0 else tag("td", cell, class_=kind)
        )
    return tag("tr", *found, class_=class_)


def json_script(value: Any, **attributes: object) -> Html:
    """Embed a value for scripts to read; no text in it can end the element or open a comment."""
    content = json.dumps(jsonable(value), ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    safe = content.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
    return tag("script", Html(safe), type="application/json", **attributes)

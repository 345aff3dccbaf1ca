"""Markdown: escaped text, and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from retrodict.errors import printable


class Markdown(str):
    """Text that is already Markdown: only what would end a table's cell is escaped."""

    __slots__ = ()


def escaped(value: object) -> str:
    """Write a value as one line of Markdown, escaped so that it is read as plain text.

    >>> escaped("a | <b>[x](y)</b>")
    'a \\\\| &lt;b&gt;\\\\[x\\\\](y)&lt;/b&gt;'
    >>> escaped(Markdown("[x](#y)"))
    '[x](#y)'
    """
    if isinstance(value, Markdown):
        return value
    line = printable(" ".join(str(value).split())).replace("&", "&amp;").replace("<", "&lt;")
    return re.sub(r"([\\|`*_\[\]])", r"\\\1", line.replace(">", "&gt;"))


def markdown_table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> Markdown:
    """Write a table; cells are escaped unless they are Markdown.

    >>> print(markdown_table(("a", "b"), [("1", Markdown("`x|y`"))]))
    | a | b |
    |---|---|
    | 1 | `x\\|y` |
    """
    lines = ["| " + " | ".join(map(_cell, row)) + " |" for row in (head, *rows)]
    lines.insert(1, "|" + "---|" * len(head))
    return Markdown("\n".join(lines))


def _cell(value: object) -> str:
    return value.replace("|", "\\|") if isinstance(value, Markdown) else escaped(value)

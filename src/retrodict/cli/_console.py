"""The console that commands print to: what comes from a file cannot steer the terminal."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.console import ConsoleDimensions
from rich.text import Text

from retrodict.errors import printable

_NARROWEST = 20  # columns; what says it has fewer does not know


class Console(rich.console.Console):
    """Rich's console, which writes control characters out instead of sending them.

    All strings that are printed, a table's cells and titles too, become `Text` here. Square
    brackets still mark text up: what comes from a file is escaped, printed with `markup=False`, or
    made `plain`.
    """

    @property  # type: ignore[misc]
    def size(self) -> ConsoleDimensions:
        """Columns and rows; the usual ones where those that are told cannot be true."""
        width, height = super().size
        return ConsoleDimensions(width if width >= _NARROWEST else 80, height if height > 0 else 25)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text, as Rich does."""
        return super().render_str(printable(text), **options)


def plain(text: str, style: str = "") -> Text:
    """Return text from a file as it may be printed: nothing in it is markup or steers."""
    return Text(printable(text), style=style)

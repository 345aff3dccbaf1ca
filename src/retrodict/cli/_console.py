"""The console that commands print to: what comes from a file cannot steer the terminal."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.console import ConsoleDimensions
from rich.text import Text

from retrodict.errors import printable

_NARROWEST = 20  # columns; a terminal that claims fewer does not know its width
_WIDE = 400  # columns of a console that is no terminal, where every line is to stay whole


class Console(rich.console.Console):
    """Rich's console, but control characters are written out, and numbers are not coloured.

    Every string that is printed becomes `Text` here, a table's cells and titles too. Square
    brackets still are markup in a string. Text from a file is escaped, or made `plain`.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(highlight=False, **options)

    @property  # type: ignore[misc]
    def size(self) -> ConsoleDimensions:
        """Columns and rows; the usual ones if the terminal's own are impossible."""
        width, height = super().size
        return ConsoleDimensions(width if width >= _NARROWEST else 80, height if height > 0 else 25)

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text, as Rich does."""
        return super().render_str(printable(text), **options)

    def say(self, text: str, style: str = "") -> None:
        """Print one line of plain text, however long; so a path in it can be copied."""
        self.print(plain(text, style), soft_wrap=True)


def plain(text: str, style: str = "") -> Text:
    """Return text from a file as it may be printed: nothing in it is markup or a control."""
    return Text(printable(text), style=style)


def wide_console() -> Console:
    """Return a console that is wide unless it is a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)

"""The console that commands print to: what comes from a file cannot steer the terminal."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.text import Text

from retrodict.errors import printable


class Console(rich.console.Console):
    """Rich's console, which writes control characters out instead of sending them.

    All text that is printed, a table's cells and titles too, becomes `Text` here. Square brackets
    still mark text up: what comes from a file is escaped, or printed with `markup=False`.
    """

    def render_str(self, text: str, **options: Any) -> Text:
        """Turn a string into text, as Rich does."""
        return super().render_str(printable(text), **options)

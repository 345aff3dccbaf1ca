"""The console that commands print to: text from a file cannot control the terminal."""

from __future__ import annotations

from typing import Any

import rich.console
from rich.console import ConsoleDimensions
from rich.measure import Measurement
from rich.table import Column, Table
from rich.text import Text

from retrodict.errors import printable

_NARROWEST = 20  # columns; a terminal that claims fewer does not know its width
_WIDE = 400  # columns of a console that is not a terminal, where no line should be broken


class Console(rich.console.Console):
    """Rich's console, but control characters are escaped, and numbers are not coloured.

    Every printed string becomes `Text` here, also a table's cells and titles. Square brackets in a
    string are still markup, so text from a file must be escaped or made `plain`.

    No table is cut: where it is too wide, cells are folded between words. Where even that is not
    enough, each row becomes a block of lines, and lines may be longer than the terminal is wide.
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

    def print(self, *objects: Any, **options: Any) -> None:
        """Print as Rich does, but cut nothing."""
        whole = [self._fitted(one) if isinstance(one, Table) else one for one in objects]
        super().print(*whole, **{"crop": False, **options})

    def say(self, text: str, style: str = "") -> None:
        """Print plain text as one line, however long, so that a path in it can be copied."""
        self.print(plain(text, style), soft_wrap=True)

    def full_width(self, table: Table) -> int:
        """Return how many columns a table needs if nothing in it is folded."""
        return Measurement.get(self, self.options.update(max_width=10_000), table).maximum

    def _fitted(self, table: Table) -> Table:
        """Set the widths of a table's columns so that no word is cut."""
        spans = [self._span(column) for column in table.columns]
        folds = [span.maximum - span.minimum for span in spans]
        left = self.width - self.full_width(table) + sum(folds)
        if left < 0 and len(spans) > 2:
            return self._fitted(_in_blocks(table))
        for count, i in enumerate(sorted(range(len(spans)), key=folds.__getitem__)):
            more = min(folds[i], max(left, 0) // (len(spans) - count))
            table.columns[i].width = spans[i].minimum + more
            left -= more
        table.width = max(self.width, self.full_width(table)) if left < 0 else None
        return table

    def _span(self, column: Column) -> Measurement:
        """Return the smallest and the largest width that a column needs."""
        options = self.options.update(max_width=10_000)
        cells = [Measurement.get(self, options, one) for one in (column.header, *column.cells)]
        most = max(cell.maximum for cell in cells)
        return Measurement(most if column.no_wrap else max(cell.minimum for cell in cells), most)


def _in_blocks(table: Table) -> Table:
    """Return a table with a line for each cell that is not empty, and a space between rows."""
    blocks = Table.grid(Column(no_wrap=True), "", padding=(0, 2, 0, 0))
    blocks.title, blocks.title_justify = table.title, "left"
    heads = [" ".join(str(column.header).split()) for column in table.columns]
    for row, *cells in zip(table.rows, *(column.cells for column in table.columns), strict=True):
        for head, cell in zip(heads, cells, strict=True):
            if str(cell):
                blocks.add_row(head, cell, style=row.style)
        blocks.add_row()
    return blocks


def plain(text: str, style: str = "") -> Text:
    """Return text from a file that is safe to print: no markup, no control characters."""
    return Text(printable(text), style=style)


def wide_console() -> Console:
    """Return a console that is wide unless it is a terminal."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)

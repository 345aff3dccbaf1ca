"""Tables, written as Markdown and CSV, and computed from the code that they describe."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from retrodict.files import atomic_text
from retrodict.markdown import Markdown, markdown_table
from retrodict.runs import Store, require_writable


@dataclass(frozen=True)
class PaperTable:
    """A table of the paper, computed from the code, so that the two cannot disagree.

    Attributes:
        name: what `retrodict reproduce` calls it.
        title: one line for `retrodict list`.
        grade: how certain its source is.
        paper: what the paper's table holds.
        head: the columns' titles.
        rows: gives the cells, row by row.
    """

    name: str
    title: str
    grade: str
    paper: str
    head: tuple[str, ...]
    rows: Callable[[], list[tuple[str, ...]]]

    def markdown(self) -> str:
        """The table in Markdown, with its title and grade."""
        table = markdown_table(self.head, [map(Markdown, row) for row in self.rows()])
        return f"# {self.title} [{self.grade}]\n\n{self.paper}\n\n{table}\n"

    def csv(self) -> str:
        """The table as comma-separated values."""
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([self.head, *self.rows()])
        return text.getvalue()

    def write(self, store: Store) -> list[Path]:
        """Write NAME.md and NAME.csv into a store; return the files.

        Raises:
            BadInput: the store cannot be written to.
            CannotFinish: the disk is full.
        """
        require_writable(store.root)
        files = [store.root / f"{self.name}.md", store.root / f"{self.name}.csv"]
        for path, text in zip(files, (self.markdown(), self.csv()), strict=True):
            atomic_text(path, text)
        return files

"""The JSON file beside a drawing: what was drawn, from which runs, with which verdicts.

It lets a full store answer at once: a figure is drawn again only if its runs, or the code that
draws and checks it, are not those of the record.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path

from retrodict.claims import Claim
from retrodict.files import DRAWING, PlainName, digest_of
from retrodict.source import source_hash


@dataclass(frozen=True)
class DrawingRecord:
    """What is known of a drawing.

    Attributes:
        name, scale, note: of which figure, how large, its configuration in one line.
        runs: the figure's own names for its runs → their folders in the store.
        claims: the verdicts.
        files: the drawings, names in the store → SHA-256 of their content.
        code: what drew and checked it, see `code_version`.
    """

    name: str
    scale: str
    note: str
    runs: dict[str, str]
    claims: list[Claim]
    files: dict[PlainName, str]
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        DRAWING.write(path, self)

    @classmethod
    def read(cls, path: Path) -> DrawingRecord:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        return DRAWING.read(path, cls)


def fits(record: DrawingRecord, folder: Path) -> bool:
    """Whether the drawings in a folder are those of a record, byte for byte.

    Raises:
        Unreadable: one cannot be read.
    """
    return all(digest_of(folder / name) == digest for name, digest in record.files.items())


@cache
def code_version() -> str:
    """Hash what a drawing and its verdicts depend on beside their runs: code and matplotlib."""
    without = ("cli/", "doctor/", "report/")
    return source_hash(lambda path: not path.startswith(without), version("matplotlib"))


code_version()  # now: of the code as it is loaded, should a file change later

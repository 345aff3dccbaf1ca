"""`verify.json`: checked statements as they are kept in a store, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrodict.claims._check import Finding
from retrodict.files import VERIFY


@dataclass(frozen=True)
class Kept:
    """Statements that were checked, and by what.

    Attributes:
        findings: in order.
        fast: whether on the smaller grids.
        command: what made them.
        version: of the package.
        code: which code checked them, as the records of figures say it.
    """

    findings: Sequence[Finding]
    fast: bool
    command: str
    version: str
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        VERIFY.write(path, self)

    @classmethod
    def read(cls, path: Path) -> Kept:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        return VERIFY.read(path, cls)

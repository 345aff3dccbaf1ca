"""`published.json`: checked published claims as they are kept in a store, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from retrodict.claims._published import PublishedFinding
from retrodict.files import VERIFY_PUBLISHED


@dataclass(frozen=True)
class KeptPublished:
    """Published claims that were checked, and by what.

    Attributes:
        findings: in order.
        fast: whether at the size of a test.
        command: what made them.
        version: of the package.
        code: which code checked them, as the records of figures say it.
    """

    findings: Sequence[PublishedFinding]
    fast: bool
    command: str
    version: str
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        VERIFY_PUBLISHED.write(path, self)

    @classmethod
    def read(cls, path: Path) -> KeptPublished:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        return VERIFY_PUBLISHED.read(path, cls)

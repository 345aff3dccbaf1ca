"""`published.json`: checked published claims as they are kept in a store, and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import TypeAdapter

from retrodict._atomic import atomic_text
from retrodict._formats import PUBLISHED_FORMAT, require_format
from retrodict._json import dumps
from retrodict._untrusted import MISREAD, in_a_line, null_as_nan, read_json
from retrodict.claims.published._published import PublishedFinding


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
        content = {"format": PUBLISHED_FORMAT, **dataclasses.asdict(self)}
        atomic_text(path, dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> KeptPublished:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        try:
            content = read_json(path)
            require_format(content.pop("format"), PUBLISHED_FORMAT, "it")
            return TypeAdapter(cls).validate_python(null_as_nan(content))
        except MISREAD as error:
            what = in_a_line(error)
            raise ValueError(f"{path}: no checked published claims: {what}") from None

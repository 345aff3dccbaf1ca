"""`verify.json`: checked statements as they are kept in a store, and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter

from retrodict.claims._check import Finding
from retrodict.files import (
    MISREAD,
    STATEMENTS_FORMAT,
    atomic_text,
    dumps,
    in_a_line,
    null_as_nan,
    read_json,
    require_format,
)

Record = TypeVar("Record")


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
        write_record(path, STATEMENTS_FORMAT, self)

    @classmethod
    def read(cls, path: Path) -> Kept:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        return read_record(path, STATEMENTS_FORMAT, cls, "checked statements")


def write_record(path: Path, version: int, record: Any) -> None:
    """Write a dataclass and its format as JSON; raises as `atomic_text` does."""
    content = {"format": version, **dataclasses.asdict(record)}
    atomic_text(path, dumps(content, indent=1) + "\n")


def read_record(path: Path, version: int, kind: type[Record], what: str) -> Record:
    """Read a dataclass back.

    Raises:
        ValueError: there is none, it is damaged, or of another version.
    """
    try:
        content = read_json(path)
        require_format(content.pop("format"), version, "it")
        return TypeAdapter(kind).validate_python(null_as_nan(content))
    except MISREAD as error:
        raise ValueError(f"{path}: no {what}: {in_a_line(error)}") from None

"""The JSON documents of a store: name, format version and command of each.

All are written and read in the same way:

    VERIFY.write(store / VERIFY.name, kept)
    kept = VERIFY.read(store / VERIFY.name, Kept)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, TypeAdapter, ValidationError

from retrodict.errors import CannotFinish, Damaged
from retrodict.files._atomic import atomic_text
from retrodict.files._json import dumps, jsonable, null_as_nan, read_object
from retrodict.files._safe_read import is_plain_name, require_format

Record = TypeVar("Record")

_MISREAD = (ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Errors that content of an unexpected shape raises."""


@dataclass(frozen=True)
class Document:
    """A kind of JSON document.

    Attributes:
        name: of its file; NAME stands for a figure.
        version: of its format; 0 if the file does not record one.
        command: the command of `retrodict` that writes it.
        content: what it holds, in a word or two.
        oldest: the oldest version that is still used.
    """

    name: str
    version: int
    command: str
    content: str
    oldest: int = 1

    def remedy(self, path: Path) -> str:
        """Say how to replace a file that cannot be used."""
        return f"'retrodict {self.command.replace('NAME', path.stem)}' writes it again"

    def write(self, path: Path, content: Any) -> None:
        """Write a dataclass or a mapping; raises as `atomic_text` does."""
        said = jsonable(content)
        if self.version:
            said = {"format": self.version, **said}
        atomic_text(path, dumps(said, indent=1) + "\n")

    def load(self, path: Path, kind: type[Record], oldest: int = 1) -> Record:
        """Read one as a dataclass; a field `format` of it is the version that was found.

        Raises:
            CannotFinish: as `read_object` and `require_format`, or its version is before `oldest`.
        """
        content = read_object(path)
        found = require_format(content.get("format"), self.version, path)
        if found < oldest:
            raise CannotFinish(f"{path}: of an older version; {self.remedy(path)}")
        try:
            return TypeAdapter(kind).validate_python(null_as_nan({**content, "format": found}))
        except _MISREAD as error:
            raise Damaged(path, in_a_line(error)) from None

    def read(self, path: Path, kind: type[Record]) -> Record:
        """Read one as a dataclass; raise ValueError if it cannot be used."""
        try:
            return self.load(path, kind, self.oldest)
        except CannotFinish as error:
            why = str(error).removeprefix(f"{path}: ").removeprefix("damaged: ")
            raise ValueError(f"{path}: no {self.content}: {why}") from None

    def find(self, store: Path, read: Callable[[Path], Record]) -> Record | str | None:
        """Read the one in a store. Returns why it cannot be used, or None if there is none."""
        path = store / self.name
        try:
            return read(path) if path.exists() else None
        except ValueError as error:
            return str(error)


VERIFY = Document("verify.json", 1, "verify", "checked statements")
VERIFY_PUBLISHED = Document("published.json", 1, "verify --published", "checked published claims")
LEADERBOARD = Document("leaderboard.json", 1, "leaderboard", "leaderboard")
BENCH = Document("bench.json", 0, "bench", "timings")
DRAWING = Document("NAME.json", 2, "reproduce NAME", "record of a drawing", oldest=2)

DOCUMENTS = (VERIFY, VERIFY_PUBLISHED, LEADERBOARD, BENCH)
"""Documents that a store has only once; drawings have one record each."""


def _plain(name: str) -> str:
    if not is_plain_name(name):
        raise ValueError(f"{name!r:.60} leads out of the store")
    return name


PlainName = Annotated[str, AfterValidator(_plain)]
"""The name of a file in the store's own folder."""


def in_a_line(error: Exception) -> str:
    """Say in one line what is wrong with content that was read, and where in a record."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        return f"{where}: {first['msg'].removeprefix('Value error, ')}"
    return next(iter(str(error).splitlines()), type(error).__name__)

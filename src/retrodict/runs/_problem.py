"""What can be wrong with something in a store, and how an error becomes such a problem."""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from retrodict.errors import CannotFinish, Damaged, Newer, Unreadable
from retrodict.files import unreadable
from retrodict.runs._files import REMEDY

Found = TypeVar("Found")

Kind = Literal[
    "damaged", "unreadable", "newer", "misnamed", "leftover", "outdated", "older", "foreign", "note"
]
FAILING: tuple[Kind, ...] = ("damaged", "unreadable", "newer", "misnamed")
"""What cannot be relied on, or not be found; the other kinds are said for the sake of order."""

LEFTOVERS = "'retrodict runs prune --leftovers' deletes it"
_LOOK_AGAIN = "look at it again, or elsewhere"


@dataclass(frozen=True)
class Problem:
    """Something that is not as it should be.

    Attributes:
        where: the file or folder.
        kind: how bad that is; see `FAILING`.
        what: is wrong.
        remedy: what to do about it.
    """

    where: Path
    kind: Kind
    what: str
    remedy: str


def tried(
    path: Path, read: Callable[[], Found], remedy: str = REMEDY
) -> Generator[Problem, None, Found | None]:
    """Read something; say why that is not possible. Returns what was read, or None."""
    try:
        return read()
    except (CannotFinish, OSError, MemoryError, ValueError) as error:
        yield problem_of(path, error, remedy)
    return None


def problem_of(path: Path, error: Exception, remedy: str = REMEDY) -> Problem:
    """Say what an error of reading a file means, and the remedy if the file is damaged."""
    if isinstance(error, OSError | MemoryError):
        error = unreadable(path, error)
    if isinstance(error, Newer | Unreadable):
        return Problem(error.path, error.kind, error.what, error.remedy or _LOOK_AGAIN)
    what = error.what if isinstance(error, Damaged) else str(error)
    return Problem(path, "damaged", what, remedy)

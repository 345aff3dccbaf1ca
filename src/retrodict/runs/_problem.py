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
"""Kinds that make a run unusable, or impossible to find. The other kinds are remarks."""

LEFTOVERS = "'retrodict runs prune --leftovers' deletes it"
_LOOK_AGAIN = "try again later, or on another machine"


@dataclass(frozen=True)
class Problem:
    """Something wrong in a store.

    Attributes:
        where: the file or folder.
        kind: how bad that is; see `FAILING`.
        what: what is wrong.
        remedy: what to do about it.
    """

    where: Path
    kind: Kind
    what: str
    remedy: str


def tried(
    path: Path, read: Callable[[], Found], remedy: str = REMEDY
) -> Generator[Problem, None, Found | None]:
    """Read something; yield a problem if that fails. Returns what was read, or None."""
    try:
        return read()
    except (CannotFinish, OSError, MemoryError, ValueError) as error:
        yield problem_of(path, error, remedy)
    return None


def problem_of(path: Path, error: Exception, remedy: str = REMEDY) -> Problem:
    """Turn an error of reading a file into a problem, with the remedy if it is damaged."""
    if isinstance(error, OSError | MemoryError):
        error = unreadable(path, error)
    if isinstance(error, Newer | Unreadable):
        return Problem(error.path, error.kind, error.what, error.remedy or _LOOK_AGAIN)
    what = error.what if isinstance(error, Damaged) else str(error)
    return Problem(path, "damaged", what, remedy)

"""The format version that a file says it has, and whether this retrodict reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrodict.errors import CannotFinish

CHECKPOINT_FORMAT = 1
"""Format version of a checkpoint, which training writes and the store checks."""


class Newer(CannotFinish):
    """A file is in a format that only a newer retrodict reads. It is not damaged."""


def require_format(found: Any, newest: int, where: str | Path) -> int:
    """Return the format version that a file says it has, 1 to `newest`.

    Raises:
        Newer: a newer retrodict wrote it.
        CannotFinish: it is no version, or one before the first.

    >>> require_format("1", 2, "run.json")
    1
    >>> require_format(3, 2, "run.json")
    Traceback (most recent call last):
    retrodict.files._formats.Newer: run.json: format 3 was written by a newer retrodict; \
this one reads formats 1 to 2: upgrade it
    """
    try:
        said = int(found)
    except (TypeError, ValueError, OverflowError):
        raise CannotFinish(f"{where}: damaged: {found!r:.40} is no format") from None
    if said > newest:
        raise Newer(
            f"{where}: format {said} was written by a newer retrodict; this one reads "
            f"{_known(newest)}: upgrade it"
        )
    if said < 1:
        raise CannotFinish(
            f"{where}: format {said} is older than any that retrodict reads: {_known(newest)}"
        )
    return said


def _known(newest: int) -> str:
    return "format 1" if newest == 1 else f"formats 1 to {newest}"

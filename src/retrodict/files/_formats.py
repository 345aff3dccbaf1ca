"""Which version of its layout a file says it has, and what to say where we cannot read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from retrodict.errors import CannotFinish

CHECKPOINT_FORMAT = 1
"""Version of a checkpoint's layout: training writes it, the store checks it."""


class Newer(CannotFinish):
    """A file is of a format that only a newer retrodict knows: it is not damaged."""


def require_format(found: Any, newest: int, where: str | Path) -> int:
    """Return the format that a file says it has, if it is one of 1 to `newest`.

    Raises:
        Newer: it was written by a newer retrodict.
        CannotFinish: it says no format that ever was.

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

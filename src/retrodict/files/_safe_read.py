"""Files of a store that anybody may have written: read as far as they can be trusted.

What cannot be read is not damaged: `Unreadable` is a file that this process cannot read now, as
its rights, its disk, the network or memory are; a damaged one was read, or is not there.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retrodict.errors import CannotFinish, Unreadable

MISREAD = (CannotFinish, OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""What reading a file of another shape than expected raises."""

MOST_JSON_BYTES = 16 * 2**20
"""Of a JSON file; ours have a few hundred kilobytes at most."""


def require_plain_file(path: Path) -> None:
    """Refuse what is no file of its own: a link out of the folder, a pipe that never ends.

    Raises:
        ValueError: it is a symbolic link, a folder, a pipe or a device.
        OSError: there is none.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        raise ValueError("it is a symbolic link, which may lead out of the folder")
    if not stat.S_ISREG(mode):
        raise ValueError("it is no file")


MISSING = (FileNotFoundError, NotADirectoryError)
"""What says that there is no such file; every other operating-system error leaves that open."""


def unreadable(path: Path, error: BaseException) -> Unreadable:
    """Say that a file cannot be read as things are now."""
    why = (error.strerror if isinstance(error, OSError) else None) or error
    return Unreadable(f"{path}: cannot be read now: {why or 'there is too little memory'}")


def is_there(path: Path) -> bool:
    """Whether there is something of this name, if only a link that leads nowhere.

    Raises:
        Unreadable: that cannot be told.
    """
    try:
        os.lstat(path)
    except MISSING:
        return False
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            return False
        raise unreadable(path, error) from None
    return True


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none if it is not there.

    Raises:
        Unreadable: it cannot be listed.
    """
    try:
        return sorted(os.listdir(folder))
    except MISSING:
        return []
    except OSError as error:
        raise unreadable(folder, error) from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file's content; nothing if it is missing, or no file of its own.

    Raises:
        Unreadable: it cannot be read.
    """
    try:
        require_plain_file(path)
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (ValueError, *MISSING):
        return ""
    except OSError as error:
        raise unreadable(path, error) from None


def is_plain_name(name: object) -> bool:
    """Whether a name stands for something in its own folder, and no path out of it.

    >>> [is_plain_name(name) for name in ("fig1.png", "../fig1.png", "/etc", "..", "")]
    [True, False, False, False, False]
    """
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")


def read_json(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object.

    Raises:
        ValueError: it holds something else, or too much.
        OSError: it cannot be read.
    """
    require_plain_file(path)
    if path.stat().st_size > MOST_JSON_BYTES:
        raise ValueError(f"larger than {MOST_JSON_BYTES // 2**20} MiB")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(content, dict):
        raise ValueError("no object")
    return content


def in_a_line(error: Exception) -> str:
    """Say what is wrong with what was read, and of a record where, in one line."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
    return next(iter(str(error).splitlines()), type(error).__name__)


def null_as_nan(value: Any) -> Any:
    """Put NaN wherever JSON has null for want of it."""
    if isinstance(value, dict):
        return {key: null_as_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [null_as_nan(part) for part in value]
    return float("nan") if value is None else value


def a_number(value: object) -> float:
    """Return a number that JSON may have written as null for want of one.

    Raises:
        ValueError: it is no number.
    """
    if value is None:
        return float("nan")
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise ValueError("a number expected")
    try:
        return float(value)
    except OverflowError:
        raise ValueError("a number expected, not one beyond all bounds") from None

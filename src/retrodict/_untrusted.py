"""Files of a store that anybody may have written: read as far as they can be trusted."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from retrodict.errors import CannotFinish

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

"""Read untrusted files, without following links or waiting for pipes.

Unreadable is not damaged. `Unreadable` means that this process cannot read a file now, because of
permissions, a disk, the network or memory. A damaged file was read and is wrong, or is missing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from retrodict.errors import Damaged, Newer, Unreadable

MISSING = (FileNotFoundError, NotADirectoryError)
"""Errors that mean that there is no such file. Others leave open whether it exists."""

CHECKPOINT_FORMAT = 1
"""Format version of a checkpoint, which training writes and the store checks."""


def require_format(found: Any, newest: int, where: str | Path) -> int:
    """Return the format version that a file says it has, 1 to `newest`.

    Raises:
        Newer: a newer retrodict wrote it.
        Damaged: it is not a version.

    >>> require_format("1", 2, "run.json")
    1
    >>> require_format(3, 2, "run.json")
    Traceback (most recent call last):
    retrodict.errors.Newer: run.json: format 3 was written by a newer retrodict; this one reads \
formats 1 to 2; upgrade it
    """
    try:
        said = int(found)
    except (TypeError, ValueError, OverflowError):
        raise Damaged(where, f"{found!r:.40} is not a format version") from None
    if said < 1:
        raise Damaged(where, f"format {said} is older than any that retrodict reads")
    if said > newest:
        known = "format 1" if newest == 1 else f"formats 1 to {newest}"
        what = f"format {said} was written by a newer retrodict; this one reads {known}"
        raise Newer(where, what, "upgrade it")
    return said


def require_plain_file(path: Path) -> None:
    """Raise ValueError for a link, which may lead elsewhere, a folder, a pipe or a device."""
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        raise ValueError("it is a symbolic link, which may lead out of the folder")
    if not stat.S_ISREG(mode):
        raise ValueError("it is not a regular file")


def refuse_link(path: Path) -> Path:
    """Return the path; raise `Unreadable` if it is a link, as what it points to may be intact."""
    if path.is_symlink():
        raise Unreadable(path, "is a symbolic link, which is not followed", "copy the file back")
    return path


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file; raise ValueError for any other, or one of more than `most` bytes."""
    require_plain_file(path)
    if path.stat().st_size > most:
        raise ValueError(f"larger than {most // 2**20} MiB")
    return path.read_bytes()


def unreadable(path: Path, error: BaseException) -> Unreadable:
    """Return the error for a file that cannot be read now."""
    why = str(getattr(error, "strerror", None) or error) or "there is too little memory"
    return Unreadable(path, f"cannot be read now: {why}")


@contextlib.contextmanager
def reading(path: Path, remedy: str = "") -> Iterator[None]:
    """Turn errors of reading a file into `Damaged`, with this remedy, or `Unreadable`."""
    try:
        yield
    except MISSING:
        raise Damaged(path, "is missing", remedy) from None
    except (OSError, MemoryError) as error:
        raise unreadable(path, error) from error
    except RecursionError:
        raise Damaged(path, "nested too deeply", remedy) from None
    except ValueError as error:
        raise Damaged(path, str(error), remedy) from error


def is_there(path: Path) -> bool:
    """Whether a path exists, even as a broken link; may raise `Unreadable`."""
    try:
        with contextlib.suppress(*MISSING):
            os.lstat(path)
            return True
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise unreadable(path, error) from None
    return False


def names_in(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none if it does not exist; may raise `Unreadable`."""
    with reading(folder), contextlib.suppress(*MISSING):
        return sorted(os.listdir(folder))
    return []


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a regular file; "" if there is none; may raise `Unreadable`."""
    with reading(path), contextlib.suppress(ValueError, *MISSING):
        require_plain_file(path)
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    return ""


def is_plain_name(name: object) -> bool:
    """Whether a name is a plain file name, not a path that leads elsewhere.

    >>> [is_plain_name(name) for name in ("fig1.png", "../fig1.png", "/etc", "..", "")]
    [True, False, False, False, False]
    """
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")

"""Read files that anybody may have written, without following links or waiting for pipes.

Unreadable is not damaged. `Unreadable` means that this process cannot read a file now, because of
permissions, a disk, the network or memory. A damaged file was read and is wrong, or is missing.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path

from retrodict.errors import Unreadable

MISSING = (FileNotFoundError, NotADirectoryError)
"""Errors that say that there is no such file; any other leaves that open."""


def require_plain_file(path: Path) -> None:
    """Refuse what is no regular file: a link may lead out of the folder, a pipe may never end.

    Raises:
        ValueError: it is a symbolic link, a folder, a pipe or a device.
        OSError: there is none.
    """
    mode = os.lstat(path).st_mode
    if stat.S_ISLNK(mode):
        raise ValueError("it is a symbolic link, which may lead out of the folder")
    if not stat.S_ISREG(mode):
        raise ValueError("it is no file")


def refuse_link(path: Path) -> Path:
    """Return the path, if it is no symbolic link.

    Raises:
        Unreadable: it is one; what it points to may be intact.
    """
    if path.is_symlink():
        raise Unreadable(f"{path}: is a symbolic link, which is not followed; copy the file back")
    return path


def read_bytes(path: Path, most: int) -> bytes:
    """Read a regular file.

    Raises:
        ValueError: it is a link, a folder, a pipe or a device, or has more than `most` bytes.
        OSError: it cannot be read.
    """
    require_plain_file(path)
    if path.stat().st_size > most:
        raise ValueError(f"larger than {most // 2**20} MiB")
    return path.read_bytes()


def unreadable(path: Path, error: BaseException) -> Unreadable:
    """Return the error for a file that cannot be read now."""
    why = (error.strerror if isinstance(error, OSError) else None) or error
    return Unreadable(f"{path}: cannot be read now: {why or 'there is too little memory'}")


def is_there(path: Path) -> bool:
    """Whether something has this name, even a link that points nowhere.

    Raises:
        Unreadable: that is not known.
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
    """Return the SHA-256 of a regular file's content; "" if there is no such file.

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
    """Whether a name is that of a file in its own folder, and no path out of it.

    >>> [is_plain_name(name) for name in ("fig1.png", "../fig1.png", "/etc", "..", "")]
    [True, False, False, False, False]
    """
    return isinstance(name, str) and name not in ("", ".", "..") and not set(name) & set("/\\\0")

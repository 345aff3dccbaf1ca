"""Write files atomically: a path holds either the complete new file or the previous one."""

from __future__ import annotations

import contextlib
import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from retrodict.errors import CannotFinish

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL_ADVICE = "the disk is full; free some space and run the same command again"

_LOST = (*DISK_FULL, errno.EIO)
"""Errors of fsync that mean that bytes were lost; others mean that it is not supported."""
_WINDOWS_IN_USE = (errno.EACCES, errno.EPERM) if sys.platform == "win32" else ()
_IN_USE = (errno.EBUSY, errno.ETXTBSY, *_WINDOWS_IN_USE)
"""Errors of a file that another program, such as a virus scanner, has open for a moment.

Except on Windows, EACCES and EPERM are about permissions, and waiting does not help.
"""
_PATIENCE_SECONDS = 2.0


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield an empty file next to `path`; rename it over `path` once its bytes are on disk.

    It has the permissions of any new file, from the umask or the file system.

    Raises:
        CannotFinish: the disk is full or the folder cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        make_anew(temporary)
        yield temporary
        try:
            put_on_disk(temporary)
        except OSError as error:
            if error.errno in _LOST:
                raise
        patiently(lambda: os.replace(temporary, path))
        with contextlib.suppress(OSError):  # not every system and file system can
            put_names_on_disk(path.parent)
    except BaseException as error:
        with contextlib.suppress(OSError):
            temporary.unlink()
        if not isinstance(error, OSError):
            raise
        why = f"{unwritten(error)}; what was written before is kept"
        raise CannotFinish(f"{path}: {why}") from error


def make_anew(path: Path) -> None:
    """Make an empty file. An existing one is deleted first, because it may be a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
    try:
        descriptor = os.open(path, flags, 0o666)
    except FileExistsError:
        path.unlink()
        descriptor = os.open(path, flags, 0o666)
    os.close(descriptor)


def atomic_text(path: Path, text: str) -> None:
    """Write text atomically; raises as `atomic` does."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def patiently(rename: Callable[[], None]) -> None:
    """Rename or delete a file; try again for two seconds while another program has it open."""
    until = time.monotonic() + _PATIENCE_SECONDS
    wait = 0.01
    while True:
        try:
            return rename()
        except OSError as error:
            if error.errno not in _IN_USE or time.monotonic() > until:
                raise
        time.sleep(wait)
        wait = min(2 * wait, 0.2)


def put_on_disk(path: Path) -> None:
    """Sync a file to disk.

    Raises:
        OSError: bytes were lost, or its file system does not support it.
    """
    with open(path, "r+b") as file:  # Windows and some mounts want it open for writing
        os.fsync(file.fileno())


def put_names_on_disk(folder: Path) -> None:
    """Sync a folder's entries to disk, so that a power cut does not undo a rename."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def reason(error: OSError) -> str:
    """Say why something cannot be written, and what to do if the disk is full."""
    return DISK_FULL_ADVICE if error.errno in DISK_FULL else str(error.strerror or error)


def unwritten(error: OSError) -> str:
    """Say that something cannot be written, and why."""
    if error.errno in DISK_FULL:
        return DISK_FULL_ADVICE
    if error.errno in _IN_USE:
        return f"cannot be written: {error.strerror}; does another program have it open?"
    return f"cannot be written: {reason(error)}"

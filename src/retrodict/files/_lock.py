"""A lock on a file: held by one process at a time, and released when it ends, however it ends.

    held = take(path)     # a Lock, or None if another process holds it
    held.release()

On a file system without locks, `take` raises `Unlockable`. Marker files are no substitute: one
cannot tell whether the process that made one still runs.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

_TRIES = 3  # on some file systems an open file never compares equal to the file at its path


class Unlockable(OSError):
    """The file system of a file has no locks."""


class Lock:
    """A lock that this process holds on an open file."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Release it; forked children that have the file open do not keep it."""
        with contextlib.suppress(OSError):
            _unlock(self._descriptor)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def take(path: Path) -> Lock | None:
    """Take the lock on a file, which is created; None if another process holds it.

    Raises:
        Unlockable: its file system has no locks.
        OSError: the file cannot be made, or is a symbolic link.
    """
    for tries_left in reversed(range(_TRIES)):
        descriptor = _open(path)
        if not _try_to_lock(descriptor, path):
            break
        if _is_still(path, descriptor) or not tries_left:
            return Lock(descriptor)
        Lock(descriptor).release()  # it was deleted meanwhile; others would lock a new one
    return None


def is_taken(path: Path) -> bool:
    """Whether a process holds the lock on a file. Nothing is written.

    Raises:
        Unlockable: its file system has no locks.
        OSError: it cannot be opened.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _PLAIN)
    except (FileNotFoundError, NotADirectoryError):
        return False
    if not _try_to_lock(descriptor, path, shared=True):
        return True
    Lock(descriptor).release()
    return False


_PLAIN = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)


def _open(path: Path) -> int:
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | _PLAIN, 0o666)
    except PermissionError:  # another user's file; reading is enough to lock it
        return os.open(path, os.O_RDONLY | _PLAIN)


def _is_still(path: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), os.lstat(path))
    except FileNotFoundError:
        return False
    except OSError:
        return True


if sys.platform == "win32":
    import msvcrt

    _HELD = (errno.EACCES, errno.EDEADLOCK)

    def _lock(descriptor: int, shared: bool) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

    def _unlock(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    _HELD = (errno.EWOULDBLOCK, errno.EAGAIN)

    def _lock(descriptor: int, shared: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)

    def _unlock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_UN)


def _try_to_lock(descriptor: int, path: Path, shared: bool = False) -> bool:
    """Lock an open file; if another process holds the lock, close the file and return False."""
    try:
        _lock(descriptor, shared)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _HELD:
            return False
        raise Unlockable(error.errno, error.strerror, str(path)) from error
    return True

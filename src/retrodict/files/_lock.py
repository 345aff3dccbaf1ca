"""A lock on a file: held by one process at a time, and gone with it, however it ends.

    held = take(path)     # a Lock, or None where another process holds it
    held.release()

Some file systems have no locks, or refuse them: that is `Unlockable`, and never taken for a lock
that somebody holds. No marker file is left in their place: nobody could tell whether whoever made
it is still there.
"""

from __future__ import annotations

import contextlib
import errno
import os
import sys
from pathlib import Path

_TRIES = 3  # some file systems do not know a file again


class Unlockable(OSError):
    """The file system of a file gives no locks."""


class Lock:
    """A lock that this process holds.

    Parameters:
        descriptor: of the open file.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it up; forked children that have the file open do not keep it."""
        with contextlib.suppress(OSError):
            _unlock(self._descriptor)
        with contextlib.suppress(OSError):
            os.close(self._descriptor)


def take(path: Path) -> Lock | None:
    """Take the lock on a file, which is made; None if another process holds it.

    Raises:
        Unlockable: its file system gives no locks.
        OSError: the file cannot be made, or is a symbolic link.
    """
    for tries_left in reversed(range(_TRIES)):
        descriptor = _open(path)
        if not _try_to_lock(descriptor, path):
            break
        if _is_still(path, descriptor) or not tries_left:
            return Lock(descriptor)
        Lock(descriptor).release()  # somebody deleted it meanwhile; others would lock a new one
    return None


def is_taken(path: Path) -> bool:
    """Whether a process holds the lock on a file; asked without writing or making anything.

    Raises:
        Unlockable: its file system gives no locks.
        OSError: it cannot be asked.
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
    except PermissionError:  # another user's, in a folder of a group: that is enough to lock it
        return os.open(path, os.O_RDONLY | _PLAIN)


def _is_still(path: Path, descriptor: int) -> bool:
    """Whether a path still leads to the file that was opened."""
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
    """Lock an open file; if that is not possible, close it and say False."""
    try:
        _lock(descriptor, shared)
    except OSError as error:
        os.close(descriptor)
        if error.errno in _HELD:
            return False
        raise Unlockable(error.errno, error.strerror, str(path)) from error
    return True

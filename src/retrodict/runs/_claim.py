"""Which process trains a run: it holds a lock on a file in the run's folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def claim(lock: Path, timeout: float) -> Iterator[bool]:
    """Try to hold a lock for so many seconds; yields whether it is held."""
    held = FileLock(lock)
    try:
        held.acquire(timeout=timeout)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def is_claimed(lock: Path) -> bool:
    """Whether a process holds a lock; asked without writing, as the store may be read-only."""
    try:
        import fcntl
    except ImportError:  # there is no asking there, only trying
        with claim(lock, timeout=0.0) as mine:
            return not mine
    try:
        descriptor = os.open(lock, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # the file system knows no locks
        return False
    finally:
        os.close(descriptor)
    return False

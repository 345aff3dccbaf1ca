"""Which process trains a run: it holds a lock on a file in the run's folder.

Where the file system gives no locks, whoever wants a run has it, and is told what is lost.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from retrodict.errors import CannotFinish
from retrodict.files import Unlockable, is_taken, take

_POLL_SECONDS = 0.05


@contextmanager
def hold(lock: Path, timeout: float, tell: Callable[[str], None]) -> Iterator[bool]:
    """Try to hold a lock for so many seconds; yields whether it is held.

    `tell` is told in a line if there are no locks.

    Raises:
        CannotFinish: its file cannot be made.
    """
    until = time.monotonic() + timeout
    try:
        while (held := take(lock)) is None and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
    except Unlockable as error:
        tell(
            f"{lock.parent.parent}: its file system gives no locks ({error.strerror}): all works, "
            "but two commands that want the same run would both train it"
        )
        yield True
        return
    except OSError as error:
        why = error.strerror or error
        raise CannotFinish(f"{lock.parent}: cannot be written to: {why}") from None
    if held is None:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def is_locked(lock: Path, unless_known: bool = False) -> bool:
    """Whether a process holds a lock.

    Args:
        lock: which.
        unless_known: the answer where it cannot be told.
    """
    try:
        return is_taken(lock)
    except OSError:
        return unless_known

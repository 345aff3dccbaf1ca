"""The lock of a run: the process that trains it holds a lock on a file in its folder.

Where the file system has no locks, every process gets the run, with a warning.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from retrodict.errors import CannotFinish
from retrodict.files import Unlockable, is_taken, reason, take

_POLL_SECONDS = 0.05


@contextmanager
def hold(lock: Path, timeout: float, tell: Callable[[str], None]) -> Iterator[bool]:
    """Try for `timeout` seconds to hold a lock; yield whether it is held.

    Where there are no locks, it counts as held, and `tell` is called with a warning.

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
        raise CannotFinish(f"{lock.parent}: cannot be written to: {reason(error)}") from None
    if held is None:
        yield False
        return
    try:
        yield True
    finally:
        held.release()


def is_locked(lock: Path, unless_known: bool = False) -> bool:
    """Whether a process holds a lock; `unless_known` where that cannot be told."""
    try:
        return is_taken(lock)
    except OSError:
        return unless_known

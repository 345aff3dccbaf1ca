"""A machine-wide count of the cores in use, so that trainings wait instead of fighting.

Two trainings of two threads each on two cores run tens of times slower than one after the other:
the threads of each wait for each other at every operation. Every core has a lock file; a training
takes as many as it has threads. Locks vanish with their process, however it ends.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from retrodict.limits import core_count

_POLL_SECONDS = 0.2


@contextlib.contextmanager
def cores(threads: int, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold `threads` of this machine's cores.

    Args:
        threads: how many.
        waiting: called every fifth of a second that others hold too many; may raise.
    """
    folder = Path(tempfile.gettempdir()) / f"retrodict-cores-{_user()}"
    folder.mkdir(exist_ok=True)
    with contextlib.ExitStack() as held:
        with contextlib.ExitStack() as queue:  # one at a time gathers cores: no deadlock, in turn
            while not _take(queue, folder / "queue.lock"):
                waiting()
                time.sleep(_POLL_SECONDS)
            while not _take_several(held, folder, threads):
                waiting()
                time.sleep(_POLL_SECONDS)
        yield


def _user() -> str:
    return str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()


def _take_several(stack: contextlib.ExitStack, folder: Path, wanted: int) -> bool:
    """Take `wanted` cores, or none."""
    taken = 0
    for core in range(core_count()):
        if taken < wanted:
            taken += _take(stack, folder / f"{core}.lock")
    if taken < wanted:
        stack.close()
    return taken == wanted


def _take(stack: contextlib.ExitStack, path: Path) -> bool:
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return False
    stack.callback(lock.release)
    return True

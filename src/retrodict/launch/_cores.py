"""Locks on cores, shared by all processes of a user, so that trainings wait for free cores.

Two trainings of two threads each on two cores are tens of times slower together than one after the
other, since
the threads of each wait for each other at every operation. A training locks one core per thread,
among the cores that it may use. Where locks are impossible, trainings do not wait.
"""

from __future__ import annotations

import contextlib
import getpass
import hashlib
import os
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from retrodict import limits
from retrodict.errors import printable
from retrodict.files import Lock, is_taken, take

_POLL_SECONDS = 0.2
_LONGEST = 200  # characters of a holder's description

Held = dict[Path, Lock]
"""Lock file → the lock that this training holds."""


@contextlib.contextmanager
def cores(threads: int, waiting: Callable[[str], None], what: str = "") -> Iterator[None]:
    """Hold locks on as many cores as there are threads, or on all that this process may use.

    Args:
        threads: cores to lock.
        waiting: called every 0.2 s with the holders of the cores, while too few are free.
        what: the purpose, shown to other processes that wait.
    """
    held: Held = {}
    try:
        folder = _folder()
        if folder is not None:
            wanted = min(threads, len(limits.cores()))
            _lock_cores(held, folder, wanted, waiting, _description(what))
        yield
    finally:
        _release(held)


def _folder() -> Path | None:
    """Return the folder of this user's locks; None if no folder of this user alone can be made."""
    try:
        user = os.geteuid() if hasattr(os, "geteuid") else getpass.getuser()
        folder = Path(tempfile.gettempdir()) / f"retrodict-cores-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError:
        return None
    ours = found.st_uid == user or not hasattr(os, "geteuid")
    return folder if ours and stat.S_ISDIR(found.st_mode) else None


def _lock_cores(
    held: Held, folder: Path, wanted: int, waiting: Callable[[str], None], mine: str
) -> None:
    """Wait until enough cores are free, and lock them. Processes with the same cores queue."""
    numbers = limits.cores()
    same = hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]
    first, paths = [folder / f"queue-{same}.lock"], [folder / f"{core}.lock" for core in numbers]
    queue: Held = {}
    try:
        while True:
            try:
                if (queue or _take(queue, 1, first, mine)) and _take(held, wanted, paths, mine):
                    return
            except OSError:  # refused, another user's, disk full
                _release(held)
                return
            waiting(f"{_busy(paths)}; this one needs {wanted} of {len(numbers)}")
            time.sleep(_POLL_SECONDS)
    finally:
        _release(queue)


def _busy(paths: Sequence[Path]) -> str:
    """Return which cores are in use, and by which processes."""
    users: dict[str, list[str]] = {}
    for path in paths:
        with contextlib.suppress(OSError):
            if is_taken(path):
                users.setdefault(_holder(path), []).append(path.stem)
    busy = [
        f"{who} uses core{'s' * (len(used) > 1)} {', '.join(used)}" for who, used in users.items()
    ]
    return "; ".join(busy) or "another training is about to begin"


def _take(held: Held, wanted: int, paths: Sequence[Path], mine: str) -> bool:
    """Lock as many of these files as wanted, or none; return whether it did."""
    for path in paths:
        if len(held) < wanted and (lock := take(path)) is not None:
            held[path] = lock
            _describe(path, mine)
    if len(held) < wanted:
        _release(held)
    return len(held) == wanted


def _release(held: Held) -> None:
    while held:
        path, lock = held.popitem()
        _describe(path, "")
        lock.release()


def _describe(path: Path, holder: str) -> None:
    """Write who holds a lock file, into a file next to it."""
    with contextlib.suppress(OSError):
        path.with_suffix(".by").write_text(holder, encoding="utf-8")


def _description(what: str) -> str:
    """Describe this process; its number is unique only on one host or in one container."""
    return f"process {os.getpid()} on {socket.gethostname()}" + (f" ({what})" if what else "")


def _holder(path: Path) -> str:
    with contextlib.suppress(OSError, ValueError):
        words = path.with_suffix(".by").read_text(encoding="utf-8")[:_LONGEST].split()
        if words:
            return printable(" ".join(words))
    return "another training"

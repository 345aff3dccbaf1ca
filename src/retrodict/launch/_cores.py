"""A machine-wide account of the cores in use, so that trainings wait instead of fighting.

Two trainings of two threads each on two cores run tens of times slower than one after the other:
the threads of each wait for each other at every operation. Every core has a lock file by its own
number; a training takes as many as it has threads, among those that it may use. So jobs with cores
of their own never meet. Locks vanish with their process, however it ends.

It is a courtesy: where there is no folder or no lock for it, trainings go on without.
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
from collections.abc import Callable, Iterator
from pathlib import Path

from retrodict import limits
from retrodict.errors import printable
from retrodict.files import Lock, is_taken, take

_POLL_SECONDS = 0.2
_LONGEST = 200  # letters of what a holder says of itself

Held = dict[Path, Lock]
"""The locks that this training holds, by their files."""


@contextlib.contextmanager
def cores(threads: int, waiting: Callable[[str], None], what: str = "") -> Iterator[None]:
    """Hold `threads` of the cores that this process may use; all of them where they are fewer.

    Args:
        threads: how many.
        waiting: told for whom, every fifth of a second that others hold too many; may raise.
        what: what they are for; those who wait are told.
    """
    held: Held = {}
    try:
        folder = _folder()
        if folder is not None:
            _gather(held, folder, min(threads, len(limits.cores())), waiting, _of_mine(what))
        yield
    finally:
        _release(held)


def _folder() -> Path | None:
    """Return the folder of this user's locks; None where there can be none that is ours alone."""
    try:
        user = os.geteuid() if hasattr(os, "geteuid") else getpass.getuser()
        folder = Path(tempfile.gettempdir()) / f"retrodict-cores-{user}"
        folder.mkdir(mode=0o700, exist_ok=True)
        found = os.lstat(folder)
    except OSError:
        return None
    ours = found.st_uid == user or not hasattr(os, "geteuid")
    return folder if ours and stat.S_ISDIR(found.st_mode) else None


def _gather(
    held: Held, folder: Path, wanted: int, waiting: Callable[[str], None], mine: str
) -> None:
    """Take so many cores; wait until there are as many, behind whoever wants the same ones."""
    numbers = limits.cores()
    same = hashlib.sha256(repr(numbers).encode()).hexdigest()[:16]
    queue: Held = {}
    try:
        while not _take(queue, folder / f"queue-{same}.lock", mine):
            _wait(folder, numbers, wanted, waiting)
        while not _take_several(held, folder, numbers, wanted, mine):
            _wait(folder, numbers, wanted, waiting)
    except _NoAccount:
        _release(held)
    finally:
        _release(queue)


class _NoAccount(Exception):
    """There are no locks here."""


def _wait(
    folder: Path, numbers: tuple[int, ...], wanted: int, waiting: Callable[[str], None]
) -> None:
    """Say who has the cores, and let some time pass."""
    users: dict[str, list[str]] = {}
    for core in numbers:
        path = folder / f"{core}.lock"
        with contextlib.suppress(OSError):
            if is_taken(path):
                users.setdefault(_said(path), []).append(str(core))
    busy = [
        f"{who} uses core{'s' * (len(those) > 1)} {', '.join(those)}"
        for who, those in users.items()
    ] or ["another training is about to begin"]
    waiting(f"{'; '.join(busy)}; this one needs {wanted} of {len(numbers)}")
    time.sleep(_POLL_SECONDS)


def _take_several(
    held: Held, folder: Path, numbers: tuple[int, ...], wanted: int, mine: str
) -> bool:
    """Take so many of some cores, or none."""
    for core in numbers:
        if len(held) < wanted:
            _take(held, folder / f"{core}.lock", mine)
    if len(held) < wanted:
        _release(held)
    return len(held) == wanted


def _take(held: Held, path: Path, mine: str) -> bool:
    try:
        lock = take(path)
    except OSError:  # refused, another user's, no room
        raise _NoAccount from None
    if lock is None:
        return False
    held[path] = lock
    _say(path, mine)
    return True


def _release(held: Held) -> None:
    while held:
        path, lock = held.popitem()
        _say(path, "")
        lock.release()


def _say(path: Path, text: str) -> None:
    """Write beside a lock who holds it."""
    with contextlib.suppress(OSError):
        path.with_suffix(".by").write_text(text, encoding="utf-8")


def _of_mine(what: str) -> str:
    """Who this is, for others; process numbers mean something on one host, or in one container."""
    return f"process {os.getpid()} on {socket.gethostname()}" + (f" ({what})" if what else "")


def _said(path: Path) -> str:
    """Who holds a lock, as they said."""
    with contextlib.suppress(OSError, ValueError):
        said = path.with_suffix(".by").read_text(encoding="utf-8")[:_LONGEST]
        if said.strip():
            return printable(" ".join(said.split()))
    return "another training"

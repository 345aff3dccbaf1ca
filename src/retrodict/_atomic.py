"""Write a file so that its name never stands for half of it."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

from retrodict.errors import CannotFinish

DISK_FULL = (errno.ENOSPC, errno.EDQUOT)
DISK_FULL_ADVICE = "the disk is full; make space and give the same command again"


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it over `path` once its bytes are on disk.

    Raises:
        CannotFinish: the disk is full or the folder cannot be written; `path` is as it was.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        temporary.unlink(missing_ok=True)  # were it a symbolic link, it would be written through
        yield temporary
        with open(temporary, "rb") as file:
            os.fsync(file.fileno())
        os.chmod(temporary, 0o644)  # some writers leave it to the owner alone
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise CannotFinish(f"{path}: {_reason(error)}; what was written before is kept") from error
    finally:
        with contextlib.suppress(OSError):
            temporary.unlink()


def atomic_text(path: Path, text: str) -> None:
    """Write text atomically; raises as `atomic` does."""
    with atomic(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk, so that a power cut does not undo a rename."""
    with contextlib.suppress(OSError):  # not every system and file system can
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _reason(error: OSError) -> str:
    if error.errno in DISK_FULL:
        return DISK_FULL_ADVICE
    return f"cannot be written: {error.strerror or error}"

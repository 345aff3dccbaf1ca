"""How far a training is, in a small file of its run's folder: for whoever waits, also elsewhere."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from retrodict.files import require_plain_file


class Progress(NamedTuple):
    """How far a training is: epochs done, of how many, and when that was written (ns, a file's)."""

    epoch: int
    epochs: int
    stamp: int


def read(path: Path) -> Progress | None:
    """How far the training is; None if nobody has said, or right now."""
    try:
        require_plain_file(path)
        stamp = path.stat().st_mtime_ns
        epoch, epochs = json.loads(path.read_text(encoding="ascii"))
        return Progress(int(epoch), int(epochs), stamp)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def write(path: Path, epoch: int, epochs: int) -> None:
    """Write how far the training is; a failure to write is ignored."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with contextlib.suppress(OSError), open(os.open(path, flags, 0o666), "w") as file:
        file.write(f"[{epoch}, {epochs}]\n")


def clear(path: Path) -> None:
    """Delete the file: the training is over."""
    with contextlib.suppress(OSError):
        path.unlink()

"""The progress of a training: a small file in the run's folder, for processes that wait for it."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import NamedTuple

from retrodict.files import require_plain_file


class Progress(NamedTuple):
    """Epochs done, all epochs, and when that was written (a file's time, ns)."""

    epoch: int
    epochs: int
    stamp: int


def read(path: Path) -> Progress | None:
    try:
        require_plain_file(path)
        stamp = path.stat().st_mtime_ns
        epoch, epochs = json.loads(path.read_text(encoding="ascii"))
        return Progress(int(epoch), int(epochs), stamp)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def write(path: Path, epoch: int, epochs: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_NOFOLLOW", 0)
    with contextlib.suppress(OSError), open(os.open(path, flags, 0o666), "w") as file:
        file.write(f"[{epoch}, {epochs}]\n")


def clear(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()

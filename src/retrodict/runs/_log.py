"""What a training reports: a log of events, and its progress for processes that wait for it.

Each event is a line of JSON, in wall-clock time, with its format. Neither file is written or read
through a symbolic link, and a failure to write them never ends a run.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any, NamedTuple

from retrodict.files import require_plain_file
from retrodict.limits import MAX_COUNT

FORMAT = 1
"""Format version of a line; a line that records none has this version."""

_NO_LINK = getattr(os, "O_NOFOLLOW", 0)


class EpochProgress(NamedTuple):
    """Epochs done, all epochs, and when that was written (a file's time, ns)."""

    epoch: int
    epochs: int
    stamp: int


def read_progress(path: Path) -> EpochProgress | None:
    """Read a training's progress; None if it cannot be read."""
    try:
        require_plain_file(path)
        stamp = path.stat().st_mtime_ns
        epoch, epochs = json.loads(path.read_text(encoding="ascii"))
        return EpochProgress(int(epoch), int(epochs), stamp)
    except (OSError, ValueError, TypeError, OverflowError, RecursionError):
        return None


def write_progress(path: Path, epoch: int, epochs: int) -> None:
    """Write a training's progress."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | _NO_LINK
    with contextlib.suppress(OSError), open(os.open(path, flags, 0o666), "w") as file:
        file.write(f"[{epoch}, {epochs}]\n")


def append(path: Path, event: str, facts: dict[str, Any]) -> None:
    """Append an event; after a line that a killed process left unfinished, on a new line."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%S%z")
    line = json.dumps({"format": FORMAT, "time": stamp, "event": event, **facts}) + "\n"
    flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | _NO_LINK
    with contextlib.suppress(OSError), open(os.open(path, flags, 0o666), "r+b", 0) as file:
        if size := file.seek(0, os.SEEK_END):
            file.seek(size - 1)
            line = line if file.read(1) == b"\n" else "\n" + line
        file.write(line.encode())


def read(path: Path) -> list[dict[str, Any]]:
    """Read the events, except for lines that are damaged or of a newer format."""
    return [event for line in lines(path) if (event := parse(line)) is not None]


def lines(path: Path) -> list[bytes]:
    """Return the lines of a log; none if it cannot be read or is a symbolic link."""
    try:
        require_plain_file(path)
        return path.read_bytes().splitlines()
    except (OSError, ValueError):
        return []


def seconds(path: Path) -> float | None:
    """Add up the seconds of all events; None if there are none, or one is not plausible."""
    try:
        spent = [float(event["seconds"]) for event in read(path) if "seconds" in event]
    except (ValueError, TypeError, OverflowError):
        return None
    return sum(spent) if spent and all(0 <= one <= MAX_COUNT for one in spent) else None


def parse(line: bytes) -> dict[str, Any] | None:
    """Read an event from a line; None if it is damaged or of a newer format."""
    try:
        event = json.loads(line)
        known = isinstance(event, dict) and int(event.pop("format", FORMAT)) <= FORMAT
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    if not known or not isinstance(event.get("time"), str):
        return None
    return event if isinstance(event.get("event"), str) else None

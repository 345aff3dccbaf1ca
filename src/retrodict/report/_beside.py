"""What other commands wrote beside the runs of a store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

Content = TypeVar("Content")


def beside(path: Path, read: Callable[[Path], Content]) -> Content | str | None:
    """Read a file; why it cannot be used; None where there is none."""
    if not path.exists():
        return None
    try:
        return read(path)
    except ValueError as error:
        return str(error)

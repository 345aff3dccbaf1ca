"""What is this machine like, and what follows from it? For a bug report; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrodict.doctor import _disk, _machine, _software, _terminal
from retrodict.doctor._line import Line, told

__all__ = ["Line", "examine"]


def examine(store: Path, load_torch: bool = False) -> Iterator[tuple[str, list[Line]]]:
    """Look at everything that matters; no look can fail, and none writes more than it removes.

    Args:
        store: the folder of runs; it need not be there.
        load_torch: whether torch is loaded, in a process of its own, to ask it.

    Yields:
        What is looked at, and what was found.
    """
    for name, looks in (
        ("software", _software.looks(load_torch)),
        ("machine", _machine.LOOKS),
        ("store", _disk.looks_at_store(store)),
        ("temporary folder", _disk.looks_at_temporary()),
        ("terminal", _terminal.LOOKS),
        ("variables", _terminal.VARIABLES),
    ):
        yield name, [line for what, look in looks.items() for line in told(what, look)]

"""Examine this machine for a bug report, and what follows for retrodict; change nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from retrodict.doctor import _disk, _machine, _software, _terminal
from retrodict.doctor._line import Found, lines_of

__all__ = ["Found", "examine"]


def examine(store: Path, load_torch: bool = False) -> Iterator[tuple[str, list[Found]]]:
    """Examine software, machine, store and terminal. Nothing raises, and no file is left behind.

    Args:
        store: the folder of runs; it need not exist.
        load_torch: whether to load torch, in a separate process, and ask it.

    Yields:
        (what was examined, what was found).
    """
    for name, looks in (
        ("software", _software.looks(load_torch)),
        ("machine", _machine.LOOKS),
        ("store", _disk.looks_at_store(store)),
        ("temporary folder", _disk.looks_at_temporary()),
        ("terminal", _terminal.LOOKS),
        ("variables", _terminal.VARIABLES),
    ):
        yield name, [line for what, look in looks.items() for line in lines_of(what, look)]

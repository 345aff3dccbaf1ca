"""What the commands of `retrodict runs` share: which runs are meant, sizes, patience."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from retrodict.cli._console import Console
from retrodict.cli._paths import chosen
from retrodict.errors import BadInput, nearest
from retrodict.runs import Run, folders, is_bare

_PATIENCE_SECONDS = 2.0
_WIDE = 400  # where nobody's terminal sets a width


def folders_of(
    names: Sequence[Path], root: Path, bare: bool = False
) -> tuple[list[Path], list[Path]]:
    """Return the folders of these runs, and what is none; all of the store for none.

    A name is a folder, the name of one in the store, or the digits in its name. With `bare`, what
    a process left that died before its run began is wanted, too.
    """
    if not names:
        require_store(root)
        return folders(root), []
    paths = [name if os.path.lexists(name) else _in_store(str(name), root) for name in names]
    return chosen(
        paths, lambda path: Run(path).exists or (bare and path.is_dir() and is_bare(path))
    )


def _in_store(name: str, root: Path) -> Path:
    known = folders(root)
    fitting = [f for f in known if name in (f.name, f.name.rpartition("-")[2])]
    if len(fitting) != 1:
        raise BadInput(
            f"{name}: no run of that name in {root}; "
            + (nearest(name, (f.name for f in known)) if known else "it holds none")
        )
    return fitting[0]


def require_store(root: Path) -> None:
    """Refuse a store that is not there."""
    if root.is_file():
        raise BadInput(f"{root}: is a file; give the folder that is the store of runs with --out")
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; give the store of runs with --out")


def size(count: int) -> str:
    """Write a number of bytes.

    >>> size(999), size(1234567)
    ('999 B', '1.2 MB')
    """
    number, units = float(count), ["B", "kB", "MB", "GB", "TB"]
    while number >= 999.5 and len(units) > 1:
        number, units = number / 1000, units[1:]
    return f"{number:.0f} {units[0]}" if units[0] == "B" else f"{number:.1f} {units[0]}"


def console_of() -> Console:
    """Make a console; what is no terminal is wide."""
    console = Console()
    return console if console.is_terminal else Console(width=_WIDE)


class _Tick:
    """Shows progress once something has taken longer than a person waits gladly."""

    def __init__(self, what: str, stack: contextlib.ExitStack) -> None:
        self.what, self.stack, self.started = what, stack, time.monotonic()
        self.progress: Any = None

    def __call__(self, name: str, share: float) -> None:
        if self.progress is None and time.monotonic() - self.started > _PATIENCE_SECONDS:
            from retrodict.cli._progress import Progress

            self.progress = self.stack.enter_context(Progress())
        if self.progress is not None:
            self.progress.working(f"{self.what} {name[-12:]}", share)


@contextlib.contextmanager
def patience(what: str) -> Iterator[_Tick]:
    """Yield what shows progress, if it takes long."""
    with contextlib.ExitStack() as stack:
        yield _Tick(what, stack)

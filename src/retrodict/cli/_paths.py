"""Paths as people write them on a command line, and which runs they mean by them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import typer

from retrodict.errors import BadInput, Unreadable, printable

_MOST_NAMED = 8


def place(text: str | Path) -> Path:
    """Read a path option or argument: `~` is somebody's home also where the shell left it alone.

    Raises:
        typer.BadParameter: it is empty, or nobody knows that home.

    >>> place("runs/"), place("./~")
    (PosixPath('runs'), PosixPath('~'))
    """
    path = str(text)
    if not path:
        raise typer.BadParameter("the path is empty")
    if not path.startswith("~"):
        return Path(path)
    user = path.partition("/")[0]
    home = os.path.expanduser(path)
    unset = user == "~" and os.environ.get("HOME") == ""
    if unset or not os.path.isabs(home):
        why = "HOME does not say where that is" if user == "~" else "there is no such user"
        raise typer.BadParameter(f"{path}: {why}; a name that begins so is written ./{path}")
    return Path(home)


def chosen(paths: Sequence[Path], wanted: Callable[[Path], bool]) -> tuple[list[Path], list[Path]]:
    """Part folders that are wanted from what a glob like `runs/*` brought along, and name that.

    A folder that is given twice, by whatever path, is returned once, by its real name if that was
    among them; so is `.`. One folder that cannot be looked at does not end a whole glob.

    Args:
        paths: as they were given.
        wanted: whether a path is of the kind that is asked for.

    Returns:
        What is wanted, and what was passed over.

    Raises:
        BadInput: nothing is wanted, or a path leads nowhere.
        Unreadable: nothing is wanted, and something cannot be looked at.
    """
    found: dict[Path, Path] = {}
    strangers: list[Path] = []
    unseen: dict[Path, Unreadable] = {}
    for path in paths:
        if not os.path.lexists(path):
            raise BadInput(f"{path}: no run there; a run is a folder with a run.json")
        try:
            is_wanted = wanted(path)
        except Unreadable as error:
            unseen[path] = error
            continue
        if is_wanted:
            real = Path(os.path.realpath(path))
            own = real if path.name in ("", "..") else path
            if real not in found or found[real].name != real.name == own.name:
                found[real] = own
        else:
            strangers.append(path)
    if unseen and not found:
        raise next(iter(unseen.values()))
    if paths and not found:
        raise BadInput(f"{_some(strangers)}: no run there; a run is a folder with a run.json")
    if strangers:
        _say(f"passed over, as no run is there: {_some(strangers)}")
    if unseen:
        _say(f"passed over, as it cannot be looked at: {'; '.join(map(str, unseen.values()))}")
    return list(found.values()), [*strangers, *unseen]


def _say(text: str) -> None:
    said = printable(f"retrodict: {text}")
    print(" ".join(said.split("\n")), file=sys.stderr)


def _some(paths: Sequence[Path]) -> str:
    more = len(paths) - _MOST_NAMED
    named = ", ".join(map(str, paths[:_MOST_NAMED]))
    return f"{named} and {more} more" if more > 0 else named


def told_apart(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Put as much of its folder's path before a name as tells it from the same name elsewhere.

    >>> told_apart(["x", "x", "y"], [Path("/a/runs/x"), Path("/b/runs/x"), Path("/a/runs/y")])
    ['a/runs/x', 'b/runs/x', 'y']
    """
    parts = [Path(os.path.realpath(folder)).parts[:-1] for folder in folders]
    return [
        "/".join([*parts[i][len(parts[i]) - _telling(i, names, parts) :], name])
        for i, name in enumerate(names)
    ]


def _telling(index: int, names: Sequence[str], parts: Sequence[tuple[str, ...]]) -> int:
    """How many of the folders above a name it takes to tell it from all others."""
    own = parts[index]
    alike = [part for name, part in zip(names, parts, strict=True) if name == names[index]]
    for count in range(len(own)):
        if sum(part[len(part) - count :] == own[len(own) - count :] for part in alike) == 1:
            return count
    return len(own)

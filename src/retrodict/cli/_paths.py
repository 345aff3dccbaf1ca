"""Paths given on the command line, and the runs they refer to."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import typer

from retrodict.errors import BadInput, Unreadable, nearest, printable

_MOST_NAMED = 8


def place(text: str | Path) -> Path:
    """Read a path option or argument; expand a `~` that the shell did not expand.

    Raises:
        typer.BadParameter: the path is empty, or the home folder is not known.

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
        why = "HOME does not say where it is" if user == "~" else "there is no such user"
        raise typer.BadParameter(f"{path}: {why}; for a file of that name write ./{path}")
    return Path(home)


def folders_of(
    names: Sequence[Path], root: Path, bare: bool = False
) -> tuple[list[Path], list[Path]]:
    """Find the folders of runs; skip other paths that a pattern like `runs/*` matches.

    Skipped paths are named on stderr. A folder given twice is returned once, under its real name if
    that was given, or if it was given as `.`.

    Args:
        names: folders, names in the store, or the digits at their ends; none for the whole store.
        root: the store.
        bare: whether to accept the remains of a run whose process died before writing run.json.

    Returns:
        The folders, and the skipped paths.

    Raises:
        BadInput: there is no such run or store.
        Unreadable: there is no run, and a path cannot be read.
    """
    from retrodict.runs import Run, folders, is_bare

    if not names:
        require_store(root)
        return folders(root), []
    found: dict[Path, Path] = {}
    strangers: list[Path] = []
    unseen: dict[Path, Unreadable] = {}
    for path in (name if os.path.lexists(name) else _in_store(name, root) for name in names):
        try:
            is_run = Run(path).exists or (bare and path.is_dir() and is_bare(path))
        except Unreadable as error:
            unseen[path] = error
            continue
        if is_run:
            real = Path(os.path.realpath(path))
            own = real if path.name in ("", "..") else path
            if real not in found or found[real].name != real.name == own.name:
                found[real] = own
        else:
            strangers.append(path)
    if unseen and not found:
        raise next(iter(unseen.values()))
    if not found:
        raise BadInput(f"{_some(strangers)}: no run there; a run is a folder with a run.json")
    if strangers:
        _say(f"skipped, because no run is there: {_some(strangers)}")
    if unseen:
        _say(f"skipped, because it cannot be read: {'; '.join(map(str, unseen.values()))}")
    return list(found.values()), [*strangers, *unseen]


def _in_store(name: Path, root: Path) -> Path:
    from retrodict.runs import folders

    known = {folder.name: folder for folder in folders(root)}
    fitting = [known[n] for n in known if str(name) in (n, n.rpartition("-")[2])]
    if len(fitting) != 1:
        choices = nearest(str(name), known) if known else "a run is a folder with a run.json"
        raise BadInput(f"{name}: no run there, and none of that name in {root}; {choices}")
    return fitting[0]


def require_file(path: Path, option: str, suffixes: Sequence[str]) -> None:
    """Refuse a file that could not be written, before any work.

    Raises:
        BadInput: its name ends otherwise, it is a folder, or its folder cannot be written to.
    """
    from retrodict.runs import require_writable

    if path.suffix.lower() not in suffixes:
        raise BadInput(f"{option} {path}: the name must end with {' or '.join(suffixes)}")
    if path.is_dir():
        raise BadInput(f"{option} {path}: is a folder; give a file's name")
    if not path.parent.is_dir():
        raise BadInput(f"{option} {path}: there is no folder {path.parent}")
    require_writable(path.parent, option)


def require_store(root: Path) -> None:
    """Refuse a store that is not there, or is a file."""
    if root.is_file():
        raise BadInput(f"{root}: is a file; give the folder that is the store of runs with --out")
    if not root.is_dir():
        raise BadInput(f"{root}: no such folder; give the store of runs with --out")


def _say(text: str) -> None:
    said = printable(f"retrodict: {text}")
    print(" ".join(said.split("\n")), file=sys.stderr)


def _some(paths: Sequence[Path]) -> str:
    more = len(paths) - _MOST_NAMED
    named = ", ".join(map(str, paths[:_MOST_NAMED]))
    return f"{named} and {more} more" if more > 0 else named


def told_apart(names: Sequence[str], folders: Sequence[Path]) -> list[str]:
    """Prefix a name that occurs twice with as much of its path as makes it unique.

    >>> told_apart(["x", "x", "y"], [Path("/a/runs/x"), Path("/b/runs/x"), Path("/a/runs/y")])
    ['a/runs/x', 'b/runs/x', 'y']
    """
    paths = [
        (*Path(os.path.realpath(folder)).parts[:-1], name)
        for name, folder in zip(names, folders, strict=True)
    ]
    found = []
    for path in paths:
        ends = (path[-count:] for count in range(1, len(path)))
        alone = (end for end in ends if sum(p[-len(end) :] == end for p in paths) == 1)
        found.append("/".join(next(alone, path)))
    return found

"""The drawings in a store and the records beside them, as far as the store needs to know them.

What a record says of its figure is read by `retrodict.figures`; here only which files it is of.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from retrodict.errors import CannotFinish, Unreadable
from retrodict.files import (
    FIGURE_FORMAT,
    LEADERBOARD_FORMAT,
    PUBLISHED_FORMAT,
    STATEMENTS_FORMAT,
    Newer,
    digest_of,
    is_plain_name,
    require_format,
)
from retrodict.runs import _files
from retrodict.runs._check import Problem

_DRAWINGS = (".png", ".pdf", ".gif")
_TABLES = {
    "verify.json": (STATEMENTS_FORMAT, "verify"),
    "published.json": (PUBLISHED_FORMAT, "verify --published"),
    "leaderboard.json": (LEADERBOARD_FORMAT, "leaderboard"),
}
"""What else commands keep: its format, and which command writes it."""
_WRITING_SECONDS = 600.0
"""No file of a figure takes as long to write; on a shared disk its writer may be elsewhere."""


@dataclass(frozen=True)
class Drawn:
    """A figure's record.

    Attributes:
        path: of the record.
        runs: names of the folders that it was drawn from.
        files: drawing → SHA-256 of its content.
        format: of the record.
    """

    path: Path
    runs: frozenset[str]
    files: dict[str, str]
    format: int


def read_drawn(path: Path) -> Drawn:
    """Read which runs and files a record is of.

    Raises:
        CannotFinish: it is damaged or of a newer format.
    """
    content = _files.read_object(path)
    found = require_format(content.get("format"), FIGURE_FORMAT, path)
    runs, files = content.get("runs", {}), content.get("files", {})
    if not (_is_words(runs) and _is_words(files) and all(map(is_plain_name, files))):
        raise CannotFinish(f"{path}: damaged: does not say runs and files")
    return Drawn(path, frozenset(runs.values()), files, found)


def drawn(root: Path) -> list[Drawn]:
    """Return every figure of a store whose record can be read."""
    found = []
    for path in _records(root):
        try:
            found.append(read_drawn(path))
        except CannotFinish:
            continue
    return found


def forget_figures_of(run: Path) -> list[str]:
    """Delete the records of figures that were drawn from a run as it was; return their names."""
    figures = [one for one in drawn(run.parent) if run.name in one.runs]
    for one in figures:
        one.path.unlink(missing_ok=True)
    return [one.path.stem for one in figures]


def check_store(root: Path) -> list[Problem]:
    """Look at what lies in a store beside its runs: records, drawings, temporary files."""
    found = [
        Problem(path, "leftover", "a process died over it", _LEFTOVERS)
        for path in dead_temporaries(root)
    ]
    for path in _records(root):
        found += _check_record(path)
    for name, (version, command) in _TABLES.items():
        if (path := root / name).is_file():
            again = f"'retrodict {command}' writes it anew"
            found += _tried(path, again, partial(_check_format, path, version))
    return found


def dead_temporaries(root: Path) -> list[Path]:
    """Return files beside the runs that a process did not live to rename."""
    found = [path for path in sorted(root.glob(".*.tmp")) if _files.temporary_of(path.name)]
    return [path for path in found if path.is_file() and not path.is_symlink() and _is_dead(path)]


def _is_dead(path: Path) -> bool:
    named = _files.temporary_of(path.name)
    try:
        if named is None or time.time() - path.stat().st_mtime < _WRITING_SECONDS:
            return False
        if sys.platform != "win32":  # where it would end the process
            os.kill(named[1], 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return sys.platform == "win32"


def _records(root: Path) -> Iterator[Path]:
    """Every NAME.json that has a drawing beside it."""
    for path in sorted(root.glob("*.json")) if root.is_dir() else ():
        drawn = any(path.with_suffix(suffix).exists() for suffix in _DRAWINGS)
        if drawn and path.name != "bench.json":  # which has a drawing, and no record
            yield path


def _check_record(path: Path) -> list[Problem]:
    again = f"'retrodict reproduce {path.stem}' draws it anew"
    found: list[Problem] = []
    record: list[Drawn] = []
    found += _tried(path, again, lambda: record.append(read_drawn(path)))
    for one in record:
        if one.format < FIGURE_FORMAT:
            found.append(Problem(path, "older", f"is older than format {FIGURE_FORMAT}", again))
        for name, expected in one.files.items():
            drawing = path.with_name(name)
            found += _tried(drawing, again, partial(_require_same, drawing, expected))
        for run in sorted(one.runs):
            if not is_plain_name(run) or not (path.with_name(run) / _files.STATE).exists():
                found.append(Problem(path, "note", f"its run {run} is not in the store", again))
    return found


def _require_same(drawing: Path, expected: str) -> None:
    if digest_of(drawing) != expected:
        raise CannotFinish("is not the drawing that was checked, or is missing")


def _check_format(path: Path, version: int) -> None:
    require_format(_files.read_object(path).get("format"), version, path)


def _tried(path: Path, again: str, read: Any) -> list[Problem]:
    try:
        read()
    except Newer as error:
        return [Problem(path, "newer", str(error).removeprefix(f"{path}: "), "upgrade retrodict")]
    except Unreadable as error:
        what = str(error).removeprefix(f"{path}: ")
        return [Problem(path, "unreadable", what, "look at it again, or elsewhere")]
    except CannotFinish as error:
        what = str(error).removesuffix(f"; {_files.REMEDY}").removeprefix(f"{path}: ")
        return [Problem(path, "damaged", what.removeprefix("damaged: "), again)]
    return []


def _is_words(value: Any) -> bool:
    return isinstance(value, dict) and all(isinstance(part, str) for part in value.values())


_LEFTOVERS = "'retrodict runs prune --leftovers' deletes it"

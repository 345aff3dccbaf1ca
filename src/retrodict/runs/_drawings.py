"""A store's files that are not runs: drawings with their records, documents, temporary files."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from retrodict.errors import CannotFinish
from retrodict.files import DOCUMENTS, DRAWING, PlainName, digest_of, is_plain_name
from retrodict.runs import _files
from retrodict.runs._problem import LEFTOVERS, Problem, tried

_DRAWINGS = (".png", ".pdf", ".gif")
_WRITING_SECONDS = 600.0
"""No file of a figure takes this long to write. Its writer may run on another machine."""


@dataclass(frozen=True)
class Drawn:
    """What a drawing's record says about other files.

    Attributes:
        format: the record's version.
        runs: the figure's names for its runs → their folders.
        files: drawing → SHA-256 of its content.
    """

    format: int
    runs: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[PlainName, str] = field(default_factory=dict)

    def shows(self, run: Path) -> bool:
        """Whether it was drawn from the run in this folder."""
        return run.name in self.runs.values()


def drawn(root: Path) -> dict[Path, Drawn]:
    """Return the records of a store that can be read."""
    found = {}
    for path in _records(root):
        with contextlib.suppress(CannotFinish):
            found[path] = DRAWING.load(path, Drawn)
    return found


def forget_figures_of(run: Path) -> list[str]:
    """Delete the records of figures that were drawn from a run; return the figures' names."""
    records = [path for path, one in drawn(run.parent).items() if one.shows(run)]
    for path in records:
        path.unlink(missing_ok=True)
    return [path.stem for path in records]


def check_store(root: Path) -> list[Problem]:
    """Check the files of a store that are not runs."""
    found = [
        Problem(path, "leftover", "a process died while writing it", LEFTOVERS)
        for path in dead_temporaries(root)
    ]
    for path in _records(root):
        found += _check_record(path)
    for document in DOCUMENTS:
        if document.version and (path := root / document.name).is_file():
            found += tried(path, partial(document.load, path, dict), document.remedy(path))
    return found


def dead_temporaries(root: Path) -> list[Path]:
    """Return the store's own temporary files whose process is gone."""
    return [path for path in sorted(root.glob(".*.tmp")) if _is_dead(path)]


def _is_dead(path: Path) -> bool:
    named = _files.temporary_of(path.name)
    if named is None or path.is_symlink() or not path.is_file():
        return False
    try:
        if time.time() - path.stat().st_mtime < _WRITING_SECONDS:
            return False
        if sys.platform != "win32":  # where it would end the process
            os.kill(named[1], 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return sys.platform == "win32"


def _records(root: Path) -> Iterator[Path]:
    """Yield every NAME.json that belongs to a drawing."""
    others = {document.name for document in DOCUMENTS}
    for path in sorted(root.glob("*.json")) if root.is_dir() else ():
        if path.name not in others and any(path.with_suffix(s).exists() for s in _DRAWINGS):
            yield path


def _check_record(path: Path) -> Iterator[Problem]:
    again = DRAWING.remedy(path)
    record = yield from tried(path, partial(DRAWING.load, path, Drawn), again)
    if record is None:
        return
    if record.format < DRAWING.version:
        yield Problem(path, "older", f"is older than format {DRAWING.version}", again)
    for name, expected in record.files.items():
        drawing = path.with_name(name)
        yield from tried(drawing, partial(_require_same, drawing, expected), again)
    for run in sorted({*record.runs.values()}):
        if not is_plain_name(run) or not (path.with_name(run) / _files.STATE).exists():
            yield Problem(path, "note", f"its run {run} is not in the store", again)


def _require_same(drawing: Path, expected: str) -> None:
    if digest_of(drawing) != expected:
        raise CannotFinish("is not the drawing that was checked, or is missing")

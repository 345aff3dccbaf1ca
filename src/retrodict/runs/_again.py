"""A run in place of the one before: whenever this is broken off, one of both is whole.

NAME.before-TIME    what was there, if it is to be kept; complete before NAME is touched
NAME                the new one, run.json last
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from retrodict._atomic import atomic
from retrodict._untrusted import is_there, names_in
from retrodict.errors import CannotFinish
from retrodict.runs import _files
from retrodict.runs._run import Run

BEFORE = ".before-"
_PASSING = (_files.LOCK, _files.PROGRESS)


def replace(old: Run, new: Run, keep: bool) -> Path | None:
    """Put a finished run, which is deleted, in the place of another of the same experiment.

    Args:
        old: the one that goes.
        new: the one that comes.
        keep: whether the old one is kept beside it.

    Returns:
        Where the old one is kept.

    Raises:
        CannotFinish: it cannot be done now; the same again goes on.
    """
    old.folder.mkdir(exist_ok=True)
    with old.claim(timeout=1.0) as mine:
        if not mine:
            raise CannotFinish(f"{old.folder}: another process holds it; try again later")
        try:
            before = _set_aside(old) if keep and old.exists else None
            _delete(old.folder)
            _copy(new.folder, old.folder)
        except OSError as error:
            why = error.strerror or error
            raise CannotFinish(f"{old.folder}: cannot be replaced by {new.folder}: {why}") from None
    _delete(new.folder)
    with contextlib.suppress(OSError):
        for name in _PASSING:
            (new.folder / name).unlink(missing_ok=True)
        new.folder.rmdir()
    return before


def _set_aside(run: Run) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    stem = run.folder.with_name(f"{run.folder.name}{BEFORE}{stamp}")
    folder, number = stem, 1
    while is_there(folder):
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    folder.mkdir()
    _copy(run.folder, folder)
    return folder


def _kept(folder: Path) -> list[str]:
    """Name what makes a finished run; run.json last."""
    wanted = {*_files.OWN} - {*_PASSING, _files.CHECKPOINT}
    return sorted(wanted & {*names_in(folder)}, key=lambda name: (name == _files.STATE, name))


def _copy(source: Path, target: Path) -> None:
    """Copy a finished run's files; links to the same bytes will do: none is written in place."""
    for name in _kept(source):
        with atomic(target / name) as temporary:
            temporary.unlink()
            try:
                os.link(source / name, temporary, follow_symlinks=False)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source / name, temporary, follow_symlinks=False)


def _delete(folder: Path) -> None:
    """Delete a run's files, run.json first: without it there is no run any more."""
    names = [name for name in names_in(folder) if _files.is_own(name) and name not in _PASSING]
    for name in sorted(names, key=lambda name: name != _files.STATE):
        (folder / name).unlink(missing_ok=True)

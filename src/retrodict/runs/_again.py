"""Replace a run by a new one; if that is interrupted, one of the two is complete.

NAME.before-TIME    the old one, if it is kept; complete before NAME is touched
NAME                the new one, run.json last

An old run may have another name: the number of threads once was always part of it.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from pathlib import Path

from retrodict.errors import CannotFinish
from retrodict.files import atomic, is_there, names_in, reason
from retrodict.runs import _files
from retrodict.runs._run import Run

BEFORE = ".before-"
_PASSING = (_files.LOCK, _files.PROGRESS)


def replace(old: Run, new: Run, keep: bool) -> tuple[Run, Path | None]:
    """Move a finished run to the place of an old one, which may be kept next to it.

    Returns:
        The new run in its place, and where the old one is kept.

    Raises:
        CannotFinish: it cannot be done now; the same call continues later.
    """
    place = old.folder.with_name(new.folder.name)
    with contextlib.ExitStack() as held:
        for folder in {old.folder, place}:
            folder.mkdir(exist_ok=True)
            if not held.enter_context(Run(folder).lock(timeout=1.0)):
                raise CannotFinish(f"{folder}: another process holds it; try again later")
        try:
            before = set_aside(old, new)
            if keep and before is None and old.exists:
                before = _set_aside(old.folder, place.name)
            for folder in {old.folder, place}:
                _delete(folder)
            _copy(new.folder, place)
        except OSError as error:
            why = f"cannot be replaced by {new.folder}: {reason(error)}"
            raise CannotFinish(f"{old.folder}: {why}") from None
    _delete(new.folder)
    for folder in {old.folder, new.folder} - {place}:
        with contextlib.suppress(OSError):
            for name in _PASSING:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()
    return Run(place, new.answers), before


def set_aside(old: Run, new: Run) -> Path | None:
    """Return where an old run was set aside if replacing it by this new one was interrupted."""
    stem = f"{new.folder.name}{BEFORE}"
    since = (new.folder / _files.STATE).stat().st_mtime_ns  # older ones belong to another run
    found = [old.folder.with_name(n) for n in names_in(old.folder.parent) if n.startswith(stem)]
    whole = [folder for folder in found if is_there(folder / _files.STATE)]
    return max((one for one in whole if one.stat().st_mtime_ns >= since), default=None)


def has_weights(run: Run) -> bool:
    """Whether a run is known to have kept its final weights."""
    try:
        return run.exists and _files.WEIGHTS in run.state["sha256"]
    except CannotFinish:
        return False


def _set_aside(run: Path, name: str) -> Path:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    stem = run.with_name(f"{name}{BEFORE}{stamp}")
    folder, number = stem, 1
    while is_there(folder):
        number += 1
        folder = stem.with_name(f"{stem.name}-{number}")
    folder.mkdir()
    _copy(run, folder)
    return folder


def _kept(folder: Path) -> list[str]:
    """Return the names of a finished run's files; run.json last."""
    wanted = {*_files.OWN} - {*_PASSING, _files.CHECKPOINT}
    return sorted(wanted & {*names_in(folder)}, key=lambda name: (name == _files.STATE, name))


def _copy(source: Path, target: Path) -> None:
    """Copy a finished run's files, or link them, since files are never changed in place."""
    for name in _kept(source):
        with atomic(target / name) as temporary:
            temporary.unlink()
            try:
                os.link(source / name, temporary, follow_symlinks=False)
            except OSError:  # another file system, or one without links
                shutil.copyfile(source / name, temporary, follow_symlinks=False)


def _delete(folder: Path) -> None:
    """Delete a run's files, run.json first: without it there is no run."""
    for path in _files.own_files(folder):
        if path.name not in _PASSING:
            path.unlink(missing_ok=True)

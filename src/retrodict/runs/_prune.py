"""Delete what a store does not need; never a run in training, or files of other programs.

Symbolic links are not followed: a linked folder stays, and of a linked file the link is deleted.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Set
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

from retrodict.errors import CannotFinish, Unreadable
from retrodict.experiment import RESULTS_VERSION
from retrodict.files import is_there, patiently, reason
from retrodict.progress import NamedTick
from retrodict.runs import _files
from retrodict.runs._check import check_run, leftovers
from retrodict.runs._drawings import dead_temporaries, drawn
from retrodict.runs._listing import folders, is_bare
from retrodict.runs._problem import Problem
from retrodict.runs._run import Run

Selection = Literal["leftovers", "unfinished", "outdated", "damaged", "weights"]

SELECTIONS: dict[Selection, str] = {
    "leftovers": "what killed processes left: temporary files, checkpoints of finished runs",
    "unfinished": "runs that were interrupted or have just begun, with their checkpoints",
    "outdated": "runs of an older results version, which are not used any more",
    "damaged": "runs that 'retrodict runs verify' finds damaged",
    "weights": "the final weights of finished runs; curves and effective weights stay",
}


@dataclass(frozen=True)
class Victim:
    """Something that would be deleted.

    Attributes:
        path: a run's folder, or a single file.
        why: the selection that asked for it.
        files: what is deleted, in this order.
        bytes: of these files.
        used_by: figures that were drawn from the run.
    """

    path: Path
    why: Selection
    files: tuple[Path, ...]
    bytes: int
    used_by: tuple[str, ...] = ()


def plan(
    root: Path, chosen: Set[Selection], tick: NamedTick = lambda what, share: None
) -> list[Victim]:
    """List what would be deleted from a store; delete nothing."""
    records = drawn(root)
    beside = dead_temporaries(root) if "leftovers" in chosen else []
    found = [_victim(path, "leftovers", [path]) for path in beside]
    all_folders = [folder for folder in folders(root) if not folder.is_symlink()]
    for i, folder in enumerate(all_folders):
        tick(folder.name, i / len(all_folders))
        if not Run(folder).may_be_locked:
            used_by = tuple(p.stem for p, one in records.items() if one.shows(folder))
            found += [replace(victim, used_by=used_by) for victim in _of_folder(folder, chosen)]
    return found


def prune(
    root: Path,
    chosen: Set[Selection],
    tick: NamedTick = lambda what, share: None,
    tell: Callable[[str], None] = lambda line: None,
) -> list[Victim]:
    """Delete what `plan` finds, and return it; `tell` is called if runs cannot be locked.

    Each run is locked and looked at again before it is deleted, as a training may have begun or
    ended on it meanwhile.

    Raises:
        CannotFinish: a file cannot be deleted.
    """
    done = []
    for victim in plan(root, chosen, tick):
        if victim.path.parent == root and not victim.path.is_dir():
            _delete(victim)
        elif not _delete_held(victim, chosen, tell):
            continue
        done.append(victim)
    return done


def _delete_held(victim: Victim, chosen: Set[Selection], tell: Callable[[str], None]) -> bool:
    """Delete a run, or files of it, if no process trains it and it is still to be deleted."""
    whole = victim.path.is_dir()
    folder = victim.path if whole else victim.path.parent
    with Run(folder).lock(0.0, tell) as mine:
        again = [v for v in _of_folder(folder, chosen) if v.path == victim.path] if mine else []
        for one in again:
            _delete(one)
        if whole and again:
            with contextlib.suppress(OSError):
                (folder / _files.LOCK).unlink(missing_ok=True)
                folder.rmdir()  # stays if it holds other files
    return bool(again)


def _of_folder(folder: Path, chosen: Set[Selection]) -> list[Victim]:
    """List what would be deleted from a folder: the whole run, or some files."""
    run = Run(folder)
    try:
        if not run.exists:
            worth = run.has_checkpoint or is_there(folder / _files.TRACE)
            bare = "leftovers" in chosen and is_bare(folder) and not worth
            return [_victim(folder, "leftovers", _files.own_files(folder))] if bare else []
        if why := _whole(run, chosen):
            return [_victim(folder, why, _files.own_files(folder))]
        return list(_parts(run, chosen))
    except (Unreadable, OSError):  # what cannot be read may be intact
        return []


def _whole(run: Run, chosen: Set[Selection]) -> Selection | None:
    """Return the selection that asks for all of a run, if one does."""
    if "damaged" in chosen and _files.is_run_name(run.folder.resolve().name):
        problems = check_run(run.folder)
        in_doubt = any(problem.kind in ("newer", "unreadable") for problem in problems)
        if not in_doubt and any(map(_condemns, problems)):
            return "damaged"
    try:
        if "unfinished" in chosen and not run.finished:
            return "unfinished"
        version = run.results_version if "outdated" in chosen else None
    except CannotFinish:  # damaged, unreadable, or of a newer format
        return None
    return "outdated" if version is not None and version < RESULTS_VERSION else None


def _condemns(problem: Problem) -> bool:
    """Whether a problem makes a run useless. Missing weights do not: the trace is intact."""
    where = problem.where
    return problem.kind == "damaged" and (where.name in _files.NEEDED or is_there(where))


def _parts(run: Run, chosen: Set[Selection]) -> Iterator[Victim]:
    weights = run.folder / _files.WEIGHTS
    with contextlib.suppress(CannotFinish):  # damaged, or of a newer format
        found = list(leftovers(run, run.state, False)) if "leftovers" in chosen else []
        yield from (_victim(one.where, "leftovers", [one.where]) for one in found)
        kept = run.finished and _files.WEIGHTS in run.state["sha256"]
        if "weights" in chosen and kept and weights.is_file():
            yield _victim(weights, "weights", [weights])


def _victim(path: Path, why: Selection, files: list[Path]) -> Victim:
    size = sum(file.lstat().st_size for file in files)
    return Victim(path, why, tuple(files), size)


def _delete(victim: Victim) -> None:
    try:
        if victim.why == "weights":
            Run(victim.path.parent).discard_weights()
        for path in victim.files:
            if path.name != _files.LOCK:  # is held
                patiently(partial(path.unlink, missing_ok=True))
    except OSError as error:
        raise CannotFinish(f"{victim.path}: cannot be deleted: {reason(error)}") from None

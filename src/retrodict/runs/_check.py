"""Find what is wrong with a run's folder, file by file. Nothing is changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from retrodict.errors import CannotFinish, Unreadable
from retrodict.experiment import RESULTS_VERSION
from retrodict.files import (
    CHECKPOINT_FORMAT,
    digest_of,
    names_in,
    read_object,
    refuse_link,
    require_format,
)
from retrodict.files.tensors import Tensors, failing, read_arrays
from retrodict.runs import _files, _log, _migrate
from retrodict.runs._again import BEFORE
from retrodict.runs._listing import is_bare
from retrodict.runs._problem import LEFTOVERS, Problem, problem_of, tried
from retrodict.runs._results import verified_trace, weights_in
from retrodict.runs._run import Run

_IN_THE_WAY = "move it elsewhere, or leave it"
_START_AGAIN = "move it away to start again"


def check_run(folder: Path) -> list[Problem]:
    """Check every file in a folder of a store. No content of a file makes it raise."""
    found: list[Problem] = []
    try:
        found += _check(folder)
    except (Unreadable, OSError) as error:
        found.append(problem_of(folder, error))
    return found


def _check(folder: Path) -> Iterator[Problem]:
    run = Run(folder)
    if not run.exists:
        if is_bare(folder):
            yield Problem(folder, "leftover", "a process died before it wrote run.json", LEFTOVERS)
        else:
            yield Problem(folder, "foreign", "holds no run", _IN_THE_WAY)
        return
    state = yield from tried(folder / _files.STATE, lambda: run.state)
    if state is None:
        return
    readable = yield from _experiment(run, state)
    yield from tried(folder / _files.ENVIRONMENT, lambda: run.made_by)
    yield from _results(run, state, readable)
    for path in _files.checkpoints(folder):
        also = run.experiment.goes_by if readable else None
        yield from tried(path, partial(_require_checkpoint, path, state, also), _START_AGAIN)
    yield from _log_lines(folder / _files.LOG)
    yield from leftovers(run, state, run.may_be_locked)
    yield from _foreign(run)


def _experiment(run: Run, state: dict[str, Any]) -> Generator[Problem, None, bool]:
    """Check experiment.yaml. Returns whether it can be read, as a trace is compared with it."""
    experiment = yield from tried(run.folder / _files.EXPERIMENT, lambda: run.experiment)
    if experiment is None:
        return False
    name = experiment.named(state["digest"])
    own = run.folder.resolve().name
    if BEFORE in own:
        yield Problem(run.folder, "note", "was set aside by --again", "nothing: it may be deleted")
    elif own != name:
        taken = re.fullmatch(r".*-[0-9a-f]{12}", own)  # the name of another experiment
        what = "its name is that of another experiment" if taken else "cannot be found by this name"
        yield Problem(run.folder, "misnamed" if taken else "note", what, f"rename it to {name}")
    version = yield from tried(run.folder, lambda: run.results_version)
    if version is not None and version < RESULTS_VERSION:
        yield Problem(
            run.folder,
            "outdated",
            f"results version {version}, this code has {RESULTS_VERSION}",
            "'retrodict runs prune --outdated' deletes it",
        )
    if read_object(run.folder / _files.STATE).get("format") != _migrate.RUN_FORMAT:
        what = f"its run.json is older than format {_migrate.RUN_FORMAT}"
        yield Problem(run.folder, "older", what, "nothing: it can still be read")
    return True


def _results(run: Run, state: dict[str, Any], readable: bool) -> Iterator[Problem]:
    """Check the files that have a checksum."""
    looked_at = (_files.EXPERIMENT, _files.ENVIRONMENT)
    for name, expected in state["sha256"].items():
        path = run.folder / name
        if name in looked_at or Path(name).name != name:
            continue
        if name == _files.TRACE:
            look = partial(verified_trace, run.folder, state)
            yield from tried(path, (lambda: run.trace) if readable else look)
        else:
            yield from tried(path, partial(_result, path, expected, state))
    if state["state"] == "finished" and _files.TRACE not in state["sha256"]:
        yield problem_of(run.folder / _files.STATE, CannotFinish("has no checksum of the trace"))


def leftovers(run: Run, state: dict[str, Any], at_work: bool) -> Iterator[Problem]:
    """List what killed processes left in a run's folder; a process may be `at_work` on it."""
    finished = state["state"] == "finished"
    unwanted = _files.checkpoints(run.folder) if finished else []
    weights = run.folder / _files.WEIGHTS
    if finished and _files.WEIGHTS not in state["sha256"] and weights.exists():
        unwanted.append(weights)
    for path in unwanted:
        yield Problem(path, "leftover", "is not needed: the run is finished", LEFTOVERS)
    for name in names_in(run.folder):
        if _files.temporary_of(name) and not at_work:
            yield Problem(
                run.folder / name, "leftover", "a process died while writing it", LEFTOVERS
            )


def _result(path: Path, expected: str, state: dict[str, Any]) -> None:
    if (found := digest_of(refuse_link(path))) != expected:
        raise CannotFinish("fails its checksum" if found else "is missing")
    if path.name == _files.WEIGHTS:
        weights_in(path, state)


def _require_checkpoint(
    path: Path, state: dict[str, Any], also: Callable[[str], bool] | None
) -> None:
    found = Tensors.of(refuse_link(path))
    require_format(found.metadata.get("format"), CHECKPOINT_FORMAT, path)
    if failed := failing(read_arrays(path, found), found.checksums):
        raise ValueError(f"{failed[0]} fails its checksum")
    digest = found.metadata.get("digest", "")
    known = digest == state["digest"] or (also is not None and also(digest))
    if path.name == _files.CHECKPOINT and not known:
        raise ValueError("belongs to another experiment")


def _log_lines(path: Path) -> Iterator[Problem]:
    yield from tried(path, partial(refuse_link, path))
    lost = [i for i, line in enumerate(_log.lines(path), start=1) if line and not _log.parse(line)]
    if lost:
        count = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        what = f"line {lost[0]}{count} cannot be read"
        yield Problem(path, "note", what, "nothing: the other lines are used")


def _foreign(run: Run) -> Iterator[Problem]:
    for name in names_in(run.folder):
        if not _files.is_own(name) and not _files.temporary_of(name):
            path = run.folder / name
            what = "was not written by retrodict" + " (a symbolic link)" * path.is_symlink()
            yield Problem(path, "foreign", what, _IN_THE_WAY)

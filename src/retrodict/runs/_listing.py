"""List a store quickly: no trace and no full YAML is read, so thousands of runs take seconds."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from retrodict.errors import CannotFinish
from retrodict.files import names_in, read_bytes, reading, refuse_link
from retrodict.files.tensors import Tensors
from retrodict.runs import _files
from retrodict.runs._problem import problem_of
from retrodict.runs._run import Run

SHOWN = (
    "task.kind",
    "task.vocab_size",
    "model.kind",
    "model.n_layer",
    "model.d_model",
    "training.learners",
    "training.epochs",
    "training.seed",
)
_MOST_BYTES = 2**20
"""Of an experiment.yaml; ours have a few hundred."""
_NEEDED = {"task.kind", "model.kind", "training.epochs", "training.learners"}


@dataclass(frozen=True)
class Listed:
    """A folder of a store.

    Attributes:
        name: the folder's.
        status: a run's, or `damaged`, `unreadable` (here and now), `newer` (of a format that this
            version does not read), `incomplete` (ours, without run.json) or `foreign` (not ours).
        bytes: of its files.
        settings: those of `SHOWN` that the experiment has.
        epochs_done: None if unknown.
        finished_at: in wall-clock time, from the log; "" if unknown.
        made_by: the version of retrodict that trained last; "" if unknown.
        results_version: from run.json; None if unknown.
        problem: why it is damaged or not read; "" if it is read.
    """

    name: str
    status: str
    bytes: int
    settings: Mapping[str, Any] = field(default_factory=dict)
    epochs_done: int | None = None
    finished_at: str = ""
    made_by: str = ""
    results_version: int | None = None
    problem: str = ""


def listed(folder: Path) -> Listed:
    """Describe a folder of a store. Never raises: `problem` says what cannot be read."""
    size = _size(folder)
    try:
        with reading(folder):
            if not Run(folder).exists:
                return Listed(folder.name, "incomplete" if is_bare(folder) else "foreign", size)
            return _listed(Run(folder), size)
    except CannotFinish as error:
        return Listed(folder.name, problem_of(folder, error).kind, size, problem=str(error))


def is_bare(folder: Path) -> bool:
    """Whether a folder without a run.json holds files of ours: a process died before writing it."""
    if not _files.is_run_name(folder.resolve().name):
        return False
    names = names_in(folder)
    return any(map(_files.is_own, names)) and _files.STATE not in names


def folders(root: Path) -> list[Path]:
    """Return all folders of a store except hidden ones, sorted by name."""
    if not root.is_dir():
        return []
    with os.scandir(root) as found:
        names = [entry.name for entry in found if entry.name[0] != "." and _is_folder(entry)]
    return [root / name for name in sorted(names)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        return True


def _listed(run: Run, size: int) -> Listed:
    state, folder = run.state, run.folder
    versions = run.made_by[-1].get("versions") or {}
    events = [event for event in run.events() if event["event"] == "finished"]
    settings = glance(folder / _files.EXPERIMENT) or {
        key: value for key, value in run.experiment.settings.items() if key in SHOWN
    }
    finished = state["state"] == "finished"
    epochs = settings.get("training.epochs")
    return Listed(
        name=folder.name,
        status=run.status,
        bytes=size,
        settings=settings,
        epochs_done=epochs if finished else _epochs_done(run, settings.get("training.learners")),
        finished_at=events[-1]["time"] if finished and events else "",
        made_by=str(versions.get("retrodict", "")),
        results_version=state["results_version"],
    )


def glance(path: Path) -> dict[str, Any]:
    """Read settings from an experiment.yaml if it has one line per section, as ours do.

    Reading YAML in full takes a hundredth of a second per file.
    """
    try:
        text = read_bytes(refuse_link(path), _MOST_BYTES).decode("utf-8")
    except (OSError, ValueError):
        return {}
    found: dict[str, str] = {}
    for section, body in re.findall(r"^(\w+): *\{(.*)\}$", text, flags=re.MULTILINE):
        for key, word in re.findall(r"(\w+): ([\w.-]+)", body):
            found.setdefault(f"{section}.{key}", word)
    if not found.keys() >= _NEEDED:
        return {}
    shown = {key: found[key] for key in SHOWN if key in found}
    return {key: int(word) if word.isdecimal() else word for key, word in shown.items()}


def _epochs_done(run: Run, learners: Any) -> int | None:
    """Return the epochs done, from the checkpoints; those of parts are weighted by learners."""
    done = 0.0
    try:
        for path in _files.checkpoints(run.folder):
            epoch = int(Tensors.of(path).metadata["epoch"])
            done += epoch * _files.learners_of(path.name, int(learners)) / int(learners)
    except (OSError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
    return int(done)


def _size(folder: Path) -> int:
    """Bytes of the files below a folder, as far as they can be seen."""
    size = 0
    for place, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):  # deleted meanwhile
                size += os.lstat(os.path.join(place, name)).st_size
    return size

"""Formats of a run's files, and how older ones become the present ones while they are read.

A step turns the content of one format into that of the next, and knows nothing else. Steps are
chained, so that a new format is one function and one line in its list. Nothing on disk changes
until the file is written anyway.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrodict.errors import Damaged
from retrodict.experiment import HEADER
from retrodict.files import require_format

Content = dict[str, Any]
Step = Callable[[Mapping[str, Any]], Content]


def _run_1_to_2(old: Mapping[str, Any]) -> Content:
    """Format 2 says which results version the run is of; for format 1 that must be tried."""
    return {**old, "results_version": None}


def _environment_1_to_2(old: Mapping[str, Any]) -> Content:
    """Format 2 has a list, an environment for each that trained a part, and says more of each."""
    made_by = {key: value for key, value in old.items() if key != "format"}
    return {"seeds": None, "threads": None, "made_by": [made_by]}


RUN_STEPS: Sequence[Step] = (_run_1_to_2,)
ENVIRONMENT_STEPS: Sequence[Step] = (_environment_1_to_2,)

RUN_FORMAT = 1 + len(RUN_STEPS)
ENVIRONMENT_FORMAT = 1 + len(ENVIRONMENT_STEPS)
EXPERIMENT_FORMAT = 1
WEIGHTS_FORMAT = 1


def migrated(content: Content, steps: Sequence[Step], where: Path) -> Content:
    """Return the content of a file in the present format, whichever it was written in.

    Raises:
        CannotFinish: a newer retrodict wrote it, or it says no format that ever was.
    """
    found = require_format(content.get("format"), 1 + len(steps), where)
    for step in steps[found - 1 :]:
        content = step(content)
    return {**content, "format": 1 + len(steps)}


def run_state(content: Content, where: Path) -> Content:
    """Return what run.json says in the present format; raises as `migrated` does."""
    state = migrated(content, RUN_STEPS, where)
    checksums = state.setdefault("sha256", {})
    sound = (
        state.get("state") in ("started", "finished")
        and isinstance(state.get("digest"), str)
        and isinstance(state.get("results_version", "lost"), int | None)
        and isinstance(checksums, dict)
        and all(isinstance(part, str) for pair in checksums.items() for part in pair)
    )
    if not sound:
        raise Damaged(where, "does not say what a run.json says")
    return state


def environment(content: Content, where: Path) -> Content:
    """Return what environment.json says in the present format; raises as `migrated` does.

    Format 1 did not say its format.
    """
    found = migrated({"format": 1, **content}, ENVIRONMENT_STEPS, where)
    made_by = found.get("made_by")
    if not isinstance(made_by, list) or not made_by or not all(map(_is_environment, made_by)):
        raise Damaged(where, "does not say what an environment.json says")
    return found


def _is_environment(one: Any) -> bool:
    """Whether it can be read as an environment; what it leaves out is not known."""
    if not isinstance(one, dict):
        return False
    words = ("code", "commit", "python", "platform", "processor", "cpu_capability")
    return (
        all(isinstance(one.get(word), str | None) for word in words)
        and isinstance(one.get("versions", {}), dict)
        and isinstance(one.get("gpu"), dict | None)
    )


def header(format_version: int) -> str:
    """The first line of an experiment.yaml."""
    return f"{HEADER}{format_version}\n"


def require_experiment(text: str, where: Path) -> None:
    """Refuse an experiment.yaml of a format that this version does not read.

    Raises:
        CannotFinish: a newer retrodict wrote it.
    """
    said = re.match(rf"{HEADER}(\d+)\n", text)
    require_format(said[1] if said else 1, EXPERIMENT_FORMAT, where)

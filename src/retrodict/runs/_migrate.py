"""Formats of a run's files, and the conversion of older ones when they are read.

Each step converts the content of one format to the next; a new format is one function and one line
in its list. Files on disk do not change until they are next written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from retrodict.experiment import HEADER
from retrodict.files import require_format

Content = dict[str, Any]
Step = Callable[[Mapping[str, Any]], Content]


def _run_1_to_2(old: Mapping[str, Any]) -> Content:
    """Format 2 records the results version; for format 1 it has to be found by trial."""
    return {**old, "results_version": None}


def _environment_1_to_2(old: Mapping[str, Any]) -> Content:
    """Format 2 lists every environment that trained a part of the run, in more detail."""
    made_by = {key: value for key, value in old.items() if key != "format"}
    return {"seeds": None, "threads": None, "made_by": [made_by]}


RUN_STEPS: Sequence[Step] = (_run_1_to_2,)
ENVIRONMENT_STEPS: Sequence[Step] = (_environment_1_to_2,)

RUN_FORMAT = 1 + len(RUN_STEPS)
ENVIRONMENT_FORMAT = 1 + len(ENVIRONMENT_STEPS)
EXPERIMENT_FORMAT = 1
WEIGHTS_FORMAT = 1


def migrated(content: Content, steps: Sequence[Step], where: Path) -> Content:
    """Return a file's content in the present format; raises as `require_format` does."""
    found = require_format(content.get("format"), 1 + len(steps), where)
    for step in steps[found - 1 :]:
        content = step(content)
    return {**content, "format": 1 + len(steps)}


def require_experiment(text: str, where: Path) -> None:
    """Refuse an experiment.yaml of a newer format; raises as `require_format` does."""
    said = re.match(rf"{HEADER}(\d+)\n", text)
    require_format(said[1] if said else 1, EXPERIMENT_FORMAT, where)

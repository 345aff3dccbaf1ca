"""What names an experiment's run: all that can alter a bit of its result, as text and as a hash."""

from __future__ import annotations

import hashlib
import json
from typing import Any

RESULTS_VERSION = 2
"""Raised whenever a change of code alters the results of an unchanged experiment."""


_LATER = (
    ("task", "relations", 1),
    ("model", "attention", "causal"),
    ("record", "controls", False),
)


def without_later_defaults(settings: dict[str, Any]) -> dict[str, Any]:
    """Leave out settings that came after the first runs were kept, where they alter nothing.

    So an experiment keeps its hash, and is written as it was.
    """
    kept = {name: dict(part) for name, part in settings.items()}
    for section, key, default in _LATER:
        if kept[section].get(key) == default:
            del kept[section][key]
    kept["data"] = {name: part for name, part in kept["data"].items() if part is not None}
    if not kept["data"]:
        del kept["data"]
    return kept


def canonical(
    settings: dict[str, Any],
    execution: str,
    threads: int | str,
    is_later_step: bool,
    results_version: int | None,
) -> str:
    """Return the text that a digest hashes; how `execution` was chosen alters nothing.

    `is_later_step`: under results version 2 the step was autograd's; it is written out since.
    """
    training = {**settings["training"], "execution": "auto", "threads": threads}
    content = {
        "experiment": {**settings, "training": training},
        "execution": execution,
        "results_version": RESULTS_VERSION if results_version is None else results_version,
    }
    if results_version is None and is_later_step:
        content["step"] = 2
    return json.dumps(content, sort_keys=True, ensure_ascii=False)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

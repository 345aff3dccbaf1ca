"""What names an experiment's run: the results version, and the settings that are hashed."""

from __future__ import annotations

import hashlib
from typing import Any

RESULTS_VERSION = 2
"""Raised whenever a change of code alters the results of an unchanged experiment."""


_LATER = (
    ("task", "relations", 1),
    ("model", "attention", "causal"),
    ("record", "controls", False),
)


def _without_later_defaults(settings: dict[str, Any]) -> dict[str, Any]:
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


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()

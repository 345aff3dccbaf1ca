"""JSON, written without NaN, read as untrusted. Dataclasses are objects, paths strings."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from retrodict.errors import printable
from retrodict.files._safe_read import read_bytes, reading, refuse_link

MOST_JSON_BYTES = 16 * 2**20
"""Size limit of a JSON file; ours have a few hundred kilobytes at most."""


def jsonable(value: Any) -> Any:
    """Convert a value to what `json` can write, with None for NaN.

    >>> jsonable({"a": (1.0, float("nan"))})
    {'a': [1.0, None]}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return jsonable(dataclasses.asdict(value))
    if isinstance(value, dict):
        return {key: jsonable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def dumps(value: Any, indent: int | None = None) -> str:
    """Write a value as one JSON document, without characters that would steer a terminal."""
    text = json.dumps(jsonable(value), ensure_ascii=False, allow_nan=False, indent=indent)
    if text.isprintable():
        return text
    return "".join(c if printable(c) == c else json.dumps(c)[1:-1] for c in text)


def read_object(path: Path) -> dict[str, Any]:
    """Read a file that holds a JSON object; raises as `reading` does, or if it is a link."""
    with reading(path):
        content = json.loads(read_bytes(refuse_link(path), MOST_JSON_BYTES).decode("utf-8"))
        if not isinstance(content, dict):
            raise ValueError("not a JSON object")
    return content


def null_as_nan(value: Any) -> Any:
    """Replace null, which stands for a number that is not finite, by NaN."""
    if isinstance(value, dict):
        return {key: null_as_nan(part) for key, part in value.items()}
    if isinstance(value, list):
        return [null_as_nan(part) for part in value]
    return float("nan") if value is None else value

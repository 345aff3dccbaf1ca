"""Values as JSON: dataclasses become objects, paths strings, and what is not finite null."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

from retrodict.errors import printable


def jsonable(value: Any) -> Any:
    """Turn a value into what `json` writes without NaN.

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

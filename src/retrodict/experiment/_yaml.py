"""An experiment's YAML: the file, its text, and one value of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ruamel.yaml.nodes import Node

from retrodict.errors import BadInput
from retrodict.experiment._spelling import misspelt
from retrodict.files.yaml import MOST_BYTES, parse


def read_text(path: str | Path) -> str:
    """Read a file of UTF-8 text, of at most `MOST_BYTES`.

    Raises:
        BadInput: it cannot be read; the message names it.
    """
    try:
        with open(path, "rb") as file:
            content = file.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise BadInput(f"{path}: larger than {MOST_BYTES // 1024} KiB, so it is no experiment")
        return content.decode("utf-8")
    except (OSError, ValueError) as error:
        if isinstance(error, BadInput):
            raise
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8 text"
        raise BadInput(f"{path}: cannot be read: {reason}") from None


def load(text: str, where: str) -> tuple[dict[str, Any], Node]:
    """Read a YAML mapping: its plain data, and the nodes that know the lines.

    Raises:
        BadInput: it is not YAML, or no mapping, or too large; the message names `where` and line.
    """
    data, tree = parse(text, where, misspelt)
    if data is None or tree is None:
        raise BadInput(f"{where}: the file is empty; it needs at least 'task: {{kind: reversal}}'")
    if not isinstance(data, dict):
        raise BadInput(f"{where}: expected a mapping with 'task', 'model', …, found {data!r:.40}")
    return data, tree


def value_of(text: str, where: str) -> Any:
    """Read one value; raises as `load` does."""
    return parse(text, where, misspelt)[0]

"""Overrides such as `task.vocab_size=200`: read, applied to plain data, and written as YAML."""

from __future__ import annotations

from typing import Any

from retrodict.errors import BadInput
from retrodict.experiment._explain import shown
from retrodict.experiment._yaml import value_of
from retrodict.recipes import put_on


def flow(value: Any) -> str:
    """Write a setting as it could stand in a line of YAML.

    >>> flow({"kind": "one_layer", "std": 1e-5, "at": [0, None]})
    '{kind: one_layer, std: 1e-05, at: [0, null]}'
    """
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(part)}" for key, part in value.items()) + "}"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return str(value) if isinstance(value, str) else shown(value)


def parse_override(override: str) -> tuple[list[str], Any]:
    """Split `a.b=value` into its keys and the value, which is read as YAML.

    Raises:
        BadInput: it does not have that form, or its value is no YAML.
    """
    path, equals, text = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > 4:  # four: grid.data.identity.key
        form = "expected section.key=value, e.g. task.vocab_size=200"
        raise BadInput(f"--set {override:.200}: {form}")
    try:
        return keys, value_of(text, "")
    except BadInput as error:
        problem = str(error).partition(" ")[2]  # without its line
        raise BadInput(f"--set {override:.200}: not a YAML value: {problem}") from None


def apply(data: dict[str, Any], override: str) -> None:
    """Put `a.b=value` into nested mappings.

    Raises:
        BadInput: it does not have that form, or a key on the way is no mapping.
    """
    keys, value = parse_override(override)
    if keys == ["recipe"]:
        try:
            data.update(put_on(data, value))
        except ValueError as error:
            raise BadInput(f"--set {override:.200}: {error}") from None
        return
    place: Any = data
    for key in keys[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise BadInput(f"--set {override}: {key} is not a section")
    place[keys[-1]] = value

"""Axes of a grid: settings, each with the values it takes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ruamel.yaml.nodes import MappingNode, Node

from retrodict.errors import BadInput
from retrodict.experiment._explain import line_of
from retrodict.experiment._overrides import flow, parse_override

_EXAMPLE = "e.g. grid: {optimizer.lr: [0.001, 0.01]}"


@dataclass(frozen=True)
class _Axis:
    """The values of one setting, and where they were written, e.g. `grid.yaml:7`."""

    values: tuple[Any, ...]
    origin: str


def _axes(found: Any, tree: Node | None, where: str, prefix: str = "") -> dict[str, _Axis]:
    """Flatten nested or dotted keys, below `prefix`, to axes; `tree` has their lines."""
    if not isinstance(found, Mapping):
        line = f":{tree.start_mark.line + 1}" if tree else ""
        raise BadInput(
            f"{where}{line}: grid: expected a mapping of settings to lists of values, "
            f"{_EXAMPLE}; got {found!r:.60}"
        )
    axes: dict[str, _Axis] = {}
    for key, values in found.items():
        path, origin = f"{prefix}{key}", f"{where}{line_of(tree, [key])}"
        if isinstance(values, Mapping) and values:
            part = _axes(values, _child(tree, key), where, f"{path}.")
        else:
            part = {path: _axis(path, values, origin)}
        for name, axis in part.items():
            for other in axes:
                if _overlap(name, other):
                    raise BadInput(f"{axis.origin}: grid.{name}: the grid already has {other}")
            axes[name] = axis
    return axes


def _axis(path: str, values: Any, origin: str) -> _Axis:
    """Check that an axis has a valid name and values, each once."""
    keys = path.split(".")
    if len(keys) > 2 or not all(keys):
        raise BadInput(f"{origin}: grid.{path}: a setting is section.key, e.g. optimizer.lr")
    if not isinstance(values, Sequence) or isinstance(values, str | bytes):
        raise BadInput(
            f"{origin}: grid.{path}: expected a list of values, e.g. [{flow(values):.40}]"
        )
    if not values:
        raise BadInput(f"{origin}: grid.{path}: has no values; give at least one, or leave it out")
    seen = set()
    for value in values:
        written = _written(value)
        if written in seen:
            raise BadInput(f"{origin}: grid.{path}: {flow(value):.60} appears twice")
        seen.add(written)
    return _Axis(tuple(values), origin)


def _written(value: Any) -> str:
    """Write any value so that equal text means the same value."""
    return json.dumps(value, sort_keys=True, default=repr)


def _overlap(one: str, other: str) -> bool:
    """Whether two settings are the same, or one is the section of the other."""
    return one == other or one.startswith(f"{other}.") or other.startswith(f"{one}.")


def _changes_an_axis(override: str) -> bool:
    return override.partition("=")[0].strip().split(".")[0] == "grid"


def _overridden(axes: dict[str, _Axis], override: str) -> dict[str, _Axis]:
    """Replace or add the axes that an override like `grid.optimizer.lr=[0.1]` gives."""
    keys, value = parse_override(override)
    where = f"--set {override}"
    if len(keys) == 1:
        return _axes(value, None, where)
    new = _axes({".".join(keys[1:]): value}, None, where)
    for name in new:
        for other in axes:
            if name != other and _overlap(name, other):
                raise BadInput(f"{where}: the grid already has {other}")
    return {**axes, **new}


def _refuse_an_axis(override: str, axes: Mapping[str, _Axis]) -> None:
    """Refuse to change one setting of the base that every cell sets."""
    path = override.partition("=")[0].strip()
    for name in axes:
        if path == name or path.startswith(f"{name}."):
            raise BadInput(
                f"--set {override}: {name} is an axis of the grid; change it with "
                f"--set grid.{name}=[…]"
            )


def _child(tree: Node | None, key: Any) -> Node | None:
    """Return the node of a key's value in a mapping."""
    pairs = tree.value if isinstance(tree, MappingNode) else []
    return next((value for name, value in pairs if name.value == key), None)

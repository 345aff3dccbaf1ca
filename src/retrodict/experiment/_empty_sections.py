"""Read an experiment's YAML as plain data, with empty mappings for empty sections."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from ruamel.yaml.nodes import MappingNode, Node

from retrodict.errors import BadInput
from retrodict.experiment._explain import models_in
from retrodict.experiment._spelling import is_empty, misspelt
from retrodict.files.yaml import parse


def load_sections(text: str, where: str, model: type[BaseModel]) -> tuple[dict[str, Any], Node]:
    """Read a YAML mapping; return its plain data, and its nodes with line numbers.

    A section with nothing in it becomes an empty mapping; `null` stays.

    Raises:
        BadInput: it is not a YAML mapping, or too large; or an empty section may also be null, so
            that its meaning is not clear.
    """
    data, tree = parse(text, where, misspelt)
    if data is None or tree is None:
        raise BadInput(f"{where}: the file is empty; it needs at least 'task: {{kind: reversal}}'")
    if not isinstance(data, dict):
        raise BadInput(f"{where}: expected a mapping with 'task', 'model', …, found {data!r:.40}")
    return _opened(data, tree, model, where, ""), tree


def _opened(
    data: Mapping[str, Any], tree: Node, model: type[BaseModel], where: str, path: str
) -> dict[str, Any]:
    opened = dict(data)
    for key, node, line in _pairs(tree):
        field = model.model_fields.get(key)
        sections = models_in(field) if field else []
        if field and sections and is_empty(node):
            if field.default is None:
                problem = "write {} for its defaults, or null to leave it out"
                raise BadInput(f"{where}:{line}: {path}{key}: is empty; {problem}")
            opened[key] = {}
        elif len(sections) == 1 and isinstance(opened.get(key), dict):
            opened[key] = _opened(opened[key], node, sections[0], where, f"{path}{key}.")
    return opened


def _pairs(tree: Node) -> list[tuple[str, Node, int]]:
    pairs = tree.value if isinstance(tree, MappingNode) else []
    return [(key.value, node, key.start_mark.line + 1) for key, node in pairs]

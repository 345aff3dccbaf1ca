"""Sections of a YAML file with nothing in them: their keys may all be commented out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from ruamel.yaml.nodes import MappingNode, Node

from retrodict._explain import models_in
from retrodict._spelling import is_empty
from retrodict._yaml import load


def load_sections(text: str, where: str, model: type[BaseModel]) -> tuple[dict[str, Any], Node]:
    """Read a YAML mapping as `load` does; a section with nothing in it is an empty one.

    What says `null` stays as it is.
    """
    data, tree = load(text, where)
    return _opened(data, tree, model), tree


def _opened(data: Mapping[str, Any], tree: Node, model: type[BaseModel]) -> dict[str, Any]:
    opened = dict(data)
    for key, node in _pairs(tree):
        sections = models_in(model.model_fields[key]) if key in model.model_fields else []
        if sections and is_empty(node):
            opened[key] = {}
        elif len(sections) == 1 and isinstance(opened.get(key), dict):
            opened[key] = _opened(opened[key], node, sections[0])
    return opened


def _pairs(tree: Node) -> list[tuple[str, Node]]:
    return [(key.value, node) for key, node in tree.value] if isinstance(tree, MappingNode) else []

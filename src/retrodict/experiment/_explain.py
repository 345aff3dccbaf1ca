"""Turn a validation error into one line: what is wrong, where, and what would be valid."""

from __future__ import annotations

import types
import typing
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from retrodict.errors import nearest
from retrodict.experiment._spelling import parted, respelt


def explain(
    errors: Sequence[ErrorDetails], model: type[BaseModel], data: dict[str, Any]
) -> tuple[list[Any], str]:
    """Return the keys that lead to the first problem in the data, and the problem in one line.

    The line begins with the path of the keys, unless the problem concerns the whole experiment.
    """
    found = _foremost(errors)
    keys = _keys(found["loc"], data)
    path = ".".join(map(str, keys))
    return keys, (f"{path}: " if path else "") + _what(found, model, keys)


def _foremost(errors: Sequence[ErrorDetails]) -> ErrorDetails:
    """Choose the error that most likely names the mistake.

    An unknown key goes before a missing one. If a value may be a number or a word, and it is a
    word, the error about words goes before the error about numbers.
    """
    first = errors[0]
    word = isinstance(first["input"], str) and first["input"].isalpha()
    better = {"missing": "extra_forbidden", "int_type": "literal_error" if word else ""}
    wanted = better.get(first["type"], "")
    return next((found for found in errors if found["type"] == wanted), first)


def shown(value: Any) -> str:
    """Write any value in one line, even an integer with more digits than Python writes.

    >>> shown(10**5000)
    'an integer of 16610 bits'
    """
    try:
        return repr(value)
    except ValueError:
        bits = value.bit_length() if isinstance(value, int) else None
        return f"an integer of {bits} bits" if bits else f"a {type(value).__name__}"


def is_of_combination(found: ErrorDetails, data: dict[str, Any]) -> bool:
    """Whether each value is valid but they do not fit together: no single key is named."""
    return found["type"] == "value_error" and len(_keys(found["loc"], data)) <= 1


def _what(first: ErrorDetails, model: type[BaseModel], keys: Sequence[Any]) -> str:
    value, context = first["input"], first.get("ctx", {})
    match first["type"]:
        case "extra_forbidden":
            return f"unknown key; {_known_instead(str(keys[-1]), model, first['loc'][:-1])}"
        case "missing":
            return "missing; a file needs at least 'task: {kind: reversal}'"
        case "union_tag_not_found":
            return f"'kind' is missing; choose from {', '.join(_tags(model, keys))}"
        case "union_tag_invalid":
            tag = str(context["tag"])
            return f"kind: {tag!r} is not known; {nearest(tag, _tags(model, keys))}"
        case "value_error":
            return str(context["error"])
        case "literal_error":
            choices = str(context["expected"]).replace("'", "").replace(" or ", ", ").split(", ")
            return f"{shown(value):.60} is not known; {nearest(str(value), choices)}"
        case "string_pattern_mismatch":
            return f"{shown(value):.60} is not known; choose from auto, cpu, cuda, cuda:N"
        case "model_type" | "model_attributes_type":
            known = ", ".join(_known(model, first["loc"]))
            hint = parted(value) if isinstance(value, str) else ""
            return f"expected a mapping with keys from {known}, got {shown(value):.60}{hint}"
        case "too_long" if isinstance(value, list) and all(type(one) is int for one in value):
            hint = "; is a decimal comma among them? write 0.9 for 0,9"
        case kind:
            nullable = _is_nullable(model, first["loc"])
            hint = respelt(value, kind.partition("_")[0], nullable)
    message = first["msg"][0].lower() + first["msg"][1:]
    return f"{message}, got {shown(value):.60}{hint}"


def _known_instead(key: str, model: type[BaseModel], loc: Sequence[Any]) -> str:
    """Suggest a key for one that is unknown: another spelling, or another section."""
    section, colon, _ = key.partition(":")
    if colon:
        return f"a space is missing after '{section}:'"
    if not loc:
        section, dot, rest = key.partition(".")
        if dot and section in model.model_fields:
            return f"write it as {section}: {{{rest}: …}}"
        homes = [name for name in model.model_fields if key in _known(model, [name])]
        if homes:
            return f"{nearest(key, _known(model, loc))}; it belongs to {homes[0]}"
    return nearest(key, _known(model, loc))


def _keys(loc: Sequence[Any], data: dict[str, Any]) -> list[Any]:
    """Return pydantic's path without the names of union members, which the file does not have."""
    kept, place = list(loc[:1]), data.get(loc[0]) if loc else None
    for key in loc[1:]:
        if isinstance(key, int):
            kept.append(key)
        elif isinstance(place, dict) and key in place:
            kept.append(key)
            place = place[key]
    return kept


def _is_nullable(model: type[BaseModel], loc: Sequence[Any]) -> bool:
    """Whether the key that pydantic's path leads to may say `null`."""
    for depth in range(len(loc) - 1, -1, -1):
        for section in _sections_at(model, loc[:depth]):
            if loc[depth] in section.model_fields:
                wanted = section.model_fields[loc[depth]].annotation
                return types.NoneType in typing.get_args(wanted)
    return False


def _known(model: type[BaseModel], loc: Sequence[Any]) -> list[str]:
    """Return the keys of the section at pydantic's path."""
    options = _sections_at(model, loc)
    return list(options[0].model_fields) if options else []


def _sections_at(model: type[BaseModel], loc: Sequence[Any]) -> list[type[BaseModel]]:
    """Return the section at pydantic's path, or those that it may be."""
    options = [model]
    for key in loc:
        fields = options[0].model_fields
        if key in fields:
            options = models_in(fields[key])
        else:  # the tag of a union member
            options = [m for m in options if "kind" in m.model_fields and _kind_of(m) == key]
        if not options:
            break
    return options


def _kind_of(model: type[BaseModel]) -> Any:
    return model.model_fields["kind"].default


def _tags(model: type[BaseModel], keys: Sequence[Any]) -> list[str]:
    """Return the kinds that the union at this path offers."""
    return list(map(_kind_of, models_in(model.model_fields[keys[0]])))


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """Flatten a field or a (possibly annotated) union into the pydantic models it offers."""
    if isinstance(annotation, FieldInfo):
        annotation = annotation.annotation
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, Annotated):
        return [m for part in typing.get_args(annotation) for m in models_in(part)]
    return []


def line_of(tree: Node | None, keys: Sequence[Any]) -> str:
    """Find the line of a path in the composed YAML, as `:7`; the deepest part that exists."""
    node, line = tree, None
    for key in keys:
        if isinstance(node, MappingNode):
            pairs = [(k, v) for k, v in node.value if isinstance(k, ScalarNode) and k.value == key]
            if not pairs:
                break
            line, node = pairs[0][0].start_mark.line + 1, pairs[0][1]
        elif isinstance(node, SequenceNode) and isinstance(key, int) and key < len(node.value):
            node = node.value[key]
            line = node.start_mark.line + 1
        else:
            break
    return f":{line}" if line else ""

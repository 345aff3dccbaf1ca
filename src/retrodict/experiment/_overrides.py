"""Changed settings: `task.vocab_size=200`, or a name and a value; and how settings are written."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml.nodes import Node

from retrodict.errors import BadInput
from retrodict.experiment._explain import explain, line_of, shown
from retrodict.experiment._spelling import misspelt
from retrodict.files.yaml import parse
from retrodict.recipes import put_on

Checked = TypeVar("Checked", bound=BaseModel)
Made = TypeVar("Made")


def flow(value: Any) -> str:
    """Write a setting as YAML in one line.

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
        BadInput: it does not have that form, or its value is not YAML.
    """
    path, equals, text = override.partition("=")
    keys = path.strip().split(".")
    if not equals or not all(keys) or len(keys) > 4:  # four: grid.data.identity.key
        form = "expected section.key=value, e.g. task.vocab_size=200"
        raise BadInput(f"--set {override:.200}: {form}")
    try:
        return keys, parse(text, "", misspelt)[0]
    except BadInput as error:
        problem = str(error).partition(" ")[2]  # without its line
        raise BadInput(f"--set {override:.200}: not a YAML value: {problem}") from None


def apply(data: dict[str, Any], override: str) -> None:
    """Put `a.b=value` into nested mappings; raises as `parse_override` and `put`."""
    put(data, *parse_override(override), f"--set {override}")


def put(data: dict[str, Any], keys: Sequence[str], value: Any, what: str) -> None:
    """Put a value, or a recipe's settings, into nested mappings; `what` names it in errors.

    Raises:
        BadInput: a key on the way is not a mapping, or there is no such recipe.
    """
    if [*keys] == ["recipe"]:
        try:
            data.update(put_on(data, value))
        except ValueError as error:
            raise BadInput(f"{what:.206}: {error}") from None
        return
    place: Any = data
    for key in keys[:-1]:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise BadInput(f"{what}: {key} is not a section")
    place[keys[-1]] = value


def checked(
    model: type[Checked],
    data: dict[str, Any],
    where: str,
    tree: Node | None = None,
    overrides: Sequence[str] = (),
) -> Checked:
    """Validate an experiment's plain data with overrides on top.

    Raises:
        BadInput: it is invalid. The message names `where`, the line in the composed YAML `tree`,
            or the override.
    """

    def make(overrides: Sequence[str]) -> Checked:
        changed = copy.deepcopy(data)
        for override in overrides:
            apply(changed, override)
        if changed.pop("grid", None) is not None:
            raise BadInput(
                f"{where}{line_of(tree, ['grid'])}: grid: this is a grid of experiments, "
                "not one; 'retrodict run' runs it, retrodict.Grid.from_yaml reads it"
            )
        try:
            return model.model_validate(changed)
        except ValidationError as error:
            keys, problem = explain(error.errors(), model, changed)
            raise BadInput(f"{where}{line_of(tree, keys)}: {problem}") from None

    return blaming(make, overrides, where)


def blaming(make: Callable[[Sequence[str]], Made], overrides: Sequence[str], where: str) -> Made:
    """Call `make` with overrides; if one of them causes an error, the error names it.

    The cause is the last override whose removal changes or removes the error.

    Raises:
        BadInput: as `make`, whose errors begin with `where` and a line.
    """
    try:
        return make(overrides)
    except BadInput as error:
        said = str(error)
        if said.startswith("--set"):
            raise
        for i in reversed(range(len(overrides))):
            if _error_of(make, [*overrides[:i], *overrides[i + 1 :]]) != said:
                problem = re.sub(rf"^{re.escape(where)}(:\d+)?: ", "", said)
                raise BadInput(f"--set {overrides[i]:.200}: {problem}") from None
        raise


def _error_of(make: Callable[[Sequence[str]], Any], overrides: Sequence[str]) -> str:
    try:
        make(overrides)
    except BadInput as error:
        return str(error)
    return ""

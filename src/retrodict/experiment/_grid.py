"""A Grid: one experiment at every combination of some settings' values.

In YAML a grid is an experiment with one more key, `grid: {optimizer.lr: [0.001, 0.01], …}`. A
value that no experiment could have is bad input; values that are valid alone but not together make
a failed cell, and the other cells run.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from ruamel.yaml.nodes import Node

from retrodict.errors import BadInput
from retrodict.experiment._axes import (
    _EXAMPLE,
    _axes,
    _Axis,
    _changes_an_axis,
    _child,
    _overlap,
    _overridden,
    _refuse_an_axis,
    _written,
)
from retrodict.experiment._empty_sections import load_sections
from retrodict.experiment._experiment import Experiment
from retrodict.experiment._explain import explain, is_of_combination, line_of
from retrodict.experiment._overrides import apply, blaming, flow
from retrodict.experiment._yaml import read_text
from retrodict.recipes import find, put_on

MOST_CELLS = 10_000


@dataclass(frozen=True)
class Cell:
    """One combination of a grid's values.

    Attributes:
        settings: what it changes in the grid's base, e.g. `{"optimizer.lr": 0.001}`.
        experiment: the experiment, or None if these values do not fit together.
        problem: why they do not fit, in one line; None if they do.
    """

    settings: Mapping[str, Any]
    experiment: Experiment | None
    problem: str | None

    @property
    def label(self) -> str:
        """The settings in one line.

        >>> Cell({"task.vocab_size": 20, "optimizer.lr": 0.001}, None, None).label
        'task.vocab_size=20, optimizer.lr=0.001'
        """
        return ", ".join(f"{key}={flow(value)}" for key, value in self.settings.items())


@dataclass(frozen=True)
class Grid:
    """One experiment at every combination of some settings' values.

    Attributes:
        axes: setting, e.g. `optimizer.lr`, or whole section, e.g. `model` → its values.
        cells: every combination; the last axis varies fastest.

    >>> base = {"task": {"kind": "reversal"}, "model": {"n_layer": 2}}
    >>> grid = Grid.of(base, {"task.vocab_size": [20, 50], "optimizer.lr": [0.01, 0.1]})
    >>> [cell.experiment.optimizer.lr for cell in grid.cells]
    [0.01, 0.1, 0.01, 0.1]
    """

    axes: Mapping[str, tuple[Any, ...]]
    cells: tuple[Cell, ...]

    @classmethod
    def of(
        cls,
        base: Experiment | Mapping[str, Any],
        axes: Mapping[str, Sequence[Any] | Mapping[str, Any]],
    ) -> Grid:
        """Put every combination of the axes' values on top of an experiment.

        Args:
            base: an experiment, all of whose settings stay unless an axis changes them; or a
                mapping as in YAML, whose missing settings take each cell's own defaults.
            axes: setting → values; keys may be nested, `{"task": {"vocab_size": [20, 50]}}`. The
                values of a whole section, `{"model": [{…}, {…}]}`, replace it.

        Raises:
            BadInput: no such setting, or values that no experiment could have.
        """
        plain = dict(base)
        for section, part in plain.items():
            plain[section] = part.model_dump(mode="json") if isinstance(part, BaseModel) else part
        return _grid(plain, _axes(axes, None, "Grid.of"), "Grid.of")

    @classmethod
    def from_text(cls, text: str, overrides: Iterable[str] = (), where: str = "grid") -> Grid:
        """Read a grid from YAML text; `where` names it in errors, as `from_yaml` does."""
        data, tree = load_sections(text, where, Experiment)
        found = data.pop("grid", {})

        def make(overrides: Sequence[str]) -> Grid:
            of_axes = [override for override in overrides if _changes_an_axis(override)]
            empty = found is None and of_axes  # all axes in the file are commented out
            axes = _axes({} if empty else found, _child(tree, "grid"), where)
            for override in of_axes:
                axes = _overridden(axes, override)
            base = copy.deepcopy(data)
            for override in overrides:
                if override not in of_axes:
                    _refuse_an_axis(override, axes)
                    apply(base, override)
            return _grid(base, axes, where, tree)

        return blaming(make, list(overrides), where)

    @classmethod
    def from_yaml(cls, path: str | Path, overrides: Iterable[str] = ()) -> Grid:
        """Read a grid from a YAML file.

        Args:
            path: the file: an experiment with a key `grid`.
            overrides: changes on top of it: of the base, `"task.vocab_size=200"`, or of an axis,
                `"grid.optimizer.lr=[0.1, 0.2]"`.

        Raises:
            BadInput: the file cannot be read, is not a grid, or has a value that no experiment
            could
                have; the message names file, line and the nearest valid choice.
        """
        return cls.from_text(read_text(path), overrides, where=str(path))


def read(path: str | Path, overrides: Iterable[str] = ()) -> Experiment | Grid:
    """Read an experiment, or a grid if the file has a key `grid` or an override makes an axis.

    Raises:
        BadInput: as `Experiment.from_yaml` and `Grid.from_yaml`.
    """
    text, overrides = read_text(path), list(overrides)
    data, _ = load_sections(text, str(path), Experiment)
    if data.get("grid") is not None or any(map(_changes_an_axis, overrides)):
        return Grid.from_text(text, overrides, where=str(path))
    return Experiment.from_file(text, overrides, where=str(path))


def short_names(settings: Iterable[str]) -> dict[str, str]:
    """Shorten settings to the last part of their names, if that is not ambiguous.

    >>> short_names(["task.kind", "model.kind", "optimizer.lr"])
    {'task.kind': 'task.kind', 'model.kind': 'model.kind', 'optimizer.lr': 'lr'}
    """
    settings = list(settings)
    last = {setting: setting.rpartition(".")[2] for setting in settings}
    count = Counter(last.values())
    return {setting: last[setting] if count[last[setting]] == 1 else setting for setting in last}


def distinguishing_settings(settings: Sequence[Mapping[str, Any]]) -> list[str]:
    """Choose a small set of settings that together tell experiments apart, in the given order.

    A setting that follows from those before it is left out.

    >>> sgd = {"kind": "sgd"}
    >>> distinguishing_settings([sgd | {"lr": 1}, sgd | {"lr": 2}, {"kind": "adamw", "lr": 3}])
    ['kind', 'lr']
    >>> distinguishing_settings([{"lr": 1, "batch": 2}, {"lr": 2, "batch": 4}])
    ['lr']
    """
    chosen: list[str] = []
    apart = 1
    for key in dict.fromkeys(key for each in settings for key in each):
        keys = [*chosen, key]
        found = len(
            {tuple(_written(each[k]) if k in each else "" for k in keys) for each in settings}
        )
        if found > apart:
            chosen, apart = keys, found
    return chosen


def _grid(
    base: dict[str, Any], axes: Mapping[str, _Axis], where: str, tree: Node | None = None
) -> Grid:
    """Validate every cell; `where` and `tree` say where the base was written.

    Raises:
        BadInput: too many cells, a value that no experiment could have, or no cell that is valid.
    """
    here = f"{where}{line_of(tree, ['grid'])}: grid"
    if not axes:
        raise BadInput(f"{here}: has no axes; {_EXAMPLE}")
    count = math.prod(len(axis.values) for axis in axes.values())
    if count > MOST_CELLS:
        raise BadInput(f"{here}: {count} cells are more than the {MOST_CELLS} allowed")
    for name in axes["recipe"].values if "recipe" in axes else ():
        try:
            find(name)
        except ValueError as error:
            raise BadInput(f"{axes['recipe'].origin}: grid.{error}") from None
    cells = []
    for values in itertools.product(*(axis.values for axis in axes.values())):
        settings = dict(zip(axes, values, strict=True))
        cells.append(_cell(_with(base, settings), settings, axes, where, tree))
    if all(cell.experiment is None for cell in cells):
        first = cells[0]
        raise BadInput(f"{here}: no cell is valid; the first, {first.label}: {first.problem}")
    return Grid({name: axis.values for name, axis in axes.items()}, tuple(cells))


def _with(base: dict[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return a base with settings on top; a non-section stays, to be refused later."""
    data = dict(base)
    for path, value in settings.items():
        section, _, key = path.partition(".")
        if path == "recipe":
            data = put_on(data, value)
        elif not key:
            data[section] = value
        elif isinstance(part := data.get(section, {}), Mapping):
            data[section] = {**part, key: value}
    return data


def _cell(
    data: dict[str, Any],
    settings: Mapping[str, Any],
    axes: Mapping[str, _Axis],
    where: str,
    tree: Node | None,
) -> Cell:
    """Make the experiment of one cell, or say why these values do not fit together.

    Raises:
        BadInput: a value that no experiment could have.
    """
    try:
        return Cell(settings, Experiment.model_validate(data), None)
    except ValidationError as error:
        problems = error.errors()
    bad = [found for found in problems if not is_of_combination(found, data)]
    keys, problem = explain(bad or problems, Experiment, data)
    if not bad:
        return Cell(settings, None, problem)
    path = ".".join(map(str, keys))
    section = path.partition(".")[0]
    others = {
        name: value
        for name, value in settings.items()
        if _overlap(name, section) and not _overlap(name, path)
    }
    cell = f" (in the cells with {Cell(others, None, None).label})" if others else ""
    wrong = (axis for name, axis in axes.items() if _wrong_in(name, path, bad[0]["type"]))
    if axis := next(wrong, None):
        raise BadInput(f"{axis.origin}: grid.{problem}{cell}")
    raise BadInput(f"{where}{line_of(tree, keys)}: {problem}{cell}")


def _wrong_in(axis: str, path: str, kind: str) -> bool:
    """Whether pydantic's error of this kind at this path is about the values of an axis."""
    if kind == "union_tag_invalid":
        path = f"{path}.kind"  # pydantic names the section
    if kind == "extra_forbidden" and axis.startswith(f"{path}."):
        return True  # the axis is in a section that does not exist
    return path == axis or path.startswith(f"{axis}.")

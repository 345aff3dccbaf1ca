"""Collect what a package's files define, from the imports in its `__init__.py`.

The `__init__.py` has one line for each file, in the order of tables. To add a file, add its line:

    from retrodict.recipes._plain import RECIPES as plain
    from retrodict.recipes._reverse import RECIPES as reverse

    _ALL = members(Recipe, __name__)
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Annotated, Any, TypeVar, Union

Member = TypeVar("Member")


def members(kind: type[Member], room: str) -> tuple[Member, ...]:
    """Return the objects of a type that a package has imported, singly or in tuples, in order.

    Raises:
        ValueError: two of them have the same name.
    """
    found = [one for one in _imported(room) if isinstance(one, kind)]
    names = [getattr(one, "name", None) for one in found]
    for name in names:
        if name is not None and names.count(name) > 1:
            raise ValueError(f"{room}: two are named {name}")
    return tuple(found)


def kinds(base: type[Member], room: str) -> tuple[type[Member], ...]:
    """Return the subclasses of a base that a package has imported, in order."""
    classes = [one for one in _imported(room) if isinstance(one, type) and issubclass(one, base)]
    return tuple(one for one in classes if one is not base)


def any_of(base: type[Member], room: str) -> Any:
    """Return the type of a setting that may be any of a package's kinds, told apart by `kind`."""
    from pydantic import Field

    return Annotated[Union[kinds(base, room)], Field(discriminator="kind")]  # noqa: UP007


def _imported(room: str) -> Iterator[Any]:
    for value in list(vars(sys.modules[room]).values()):
        yield from value if isinstance(value, tuple) else (value,)

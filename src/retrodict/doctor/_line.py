"""A line of the examination: what was found, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from retrodict.errors import printable

_LONGEST = 300  # characters


@dataclass(frozen=True)
class Found:
    """What a look found.

    Attributes:
        value: what there is.
        follows: what that means here; nothing if it means nothing in particular.
        problem: whether somebody should do something about it.
        name: of the line, where that is not the look's.
    """

    value: str
    follows: str = ""
    problem: bool = False
    name: str = ""


@dataclass(frozen=True)
class Line:
    """What is told: `Found`, with its name, as it may be printed."""

    name: str
    value: str
    follows: str
    problem: bool


Look = Callable[[], "Found | Iterable[Found]"]
Looks = Mapping[str, Look]


def told(name: str, look: Look) -> list[Line]:
    """Look, and tell in lines what was found; that nothing could be told, too."""
    try:
        found = look()
        each = [found] if isinstance(found, Found) else list(found)
    except Exception as error:
        each = [Found(f"cannot be told ({type(error).__name__}: {error})")]
    return [Line(one.name or name, _short(one.value), one.follows, one.problem) for one in each]


def _short(text: str) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

"""One finding: the name of its line, what was found, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from retrodict.errors import printable

_LONGEST = 300  # characters


@dataclass(frozen=True)
class Found:
    """One finding.

    Attributes:
        value: what was found.
        follows: what follows from it for retrodict; may be empty.
        problem: whether the user should act on it.
        name: the line's name; by default the name of the look.
    """

    value: str
    follows: str = ""
    problem: bool = False
    name: str = ""


Look = Callable[[], "Found | Iterable[Found]"]
"""Examines one thing."""

Looks = Mapping[str, Look]
"""Name → look."""


def lines_of(name: str, look: Look) -> list[Found]:
    """Call a look; return its findings, named and printable. An error in it is also a finding."""
    try:
        found = look()
        findings = [found] if isinstance(found, Found) else list(found)
    except Exception as error:
        findings = [Found(f"unknown ({type(error).__name__}: {error})")]
    return [replace(one, name=one.name or name, value=_short(one.value)) for one in findings]


def _short(text: str) -> str:
    text = printable(" ".join(text.split()))
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"

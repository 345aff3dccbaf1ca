"""What a command is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        name: what is typed after `retrodict`, such as `runs list`.
        function: does it. Its signature is the command line, its docstring the help.
    """

    name: str
    function: Callable[..., None]


def command(name: str) -> Callable[[Callable[..., None]], Command]:
    """Make a function the command of this name."""
    return lambda function: Command(name, function)

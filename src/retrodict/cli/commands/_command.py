"""What a command is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        name: what is typed after `retrodict`, such as `runs list`.
        function: does it. Its signature is the command line, its docstring the help.
        trains: whether it trains, so that it continues after an interruption; or the name of the
            option that makes it train.
    """

    name: str
    function: Callable[..., None]
    trains: bool | str

    def if_interrupted(self, arguments: Sequence[str]) -> str:
        """Say what the same command does after an interruption."""
        if self.trains is True or self.trains in arguments:
            return "finished runs and checkpoints are kept, and the same command continues"
        return "the same command starts over"


def command(name: str, trains: bool | str = False) -> Callable[[Callable[..., None]], Command]:
    """Make a function the command of this name."""
    return lambda function: Command(name, function, trains)

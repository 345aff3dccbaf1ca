"""Two ways to do the same thing, timed in turn."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from retrodict.bench._machine import Machine, calls_of, seconds_of
from retrodict.bench._row import Row


@dataclass(frozen=True)
class Duel:
    """Two ways to do the same thing.

    Attributes:
        name: the task.
        ours, other: each does it once.
    """

    name: str
    ours: Callable[[], Any]
    other: Callable[[], Any]

    def row(self, repeats: int, threads: int, **columns: Any) -> Row:
        """Time both on `threads` threads of the CPU; `columns` are the row's other columns."""
        ways = [(way, calls_of(way)) for way in (self.ours, self.other)]
        rounds = [[seconds_of(*way) for way in ways] for _ in range(repeats)]
        ours, other = map(statistics.median, zip(*rounds, strict=True))
        return Row(
            variant=self.name,
            repeats=repeats,
            seconds_ours=ours,
            seconds_brute_force=other,
            ratio=statistics.median(b / a for a, b in rounds),
            **asdict(Machine.here("cpu", threads)),
            **columns,
        )

"""Two ways to one thing, timed in turn."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from retrodict.bench._row import Row


@dataclass(frozen=True)
class Duel:
    """Two ways to one thing.

    Attributes:
        name: what is done.
        ours, other: each does it once.
        calls, other_calls: in one timing; what takes microseconds is repeated.
    """

    name: str
    ours: Callable[[], Any]
    other: Callable[[], Any]
    calls: int = 1
    other_calls: int = 1

    def row(self, repeats: int, **columns: Any) -> Row:
        """Time both, which have run before; `columns` are the row's others."""
        ours, other = [], []
        for _ in range(repeats):
            ours.append(_seconds(self.ours, self.calls))
            other.append(_seconds(self.other, self.other_calls))
        return Row(
            variant=self.name,
            repeats=repeats,
            seconds_ours=statistics.median(ours),
            seconds_brute_force=statistics.median(other),
            ratio=statistics.median(b / a for a, b in zip(ours, other, strict=True)),
            **columns,
        )


def _seconds(work: Callable[[], object], calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        work()
    return (time.perf_counter() - start) / calls

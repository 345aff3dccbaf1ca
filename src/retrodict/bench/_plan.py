"""What to measure, and how thoroughly."""

from __future__ import annotations

from dataclasses import dataclass

QUICK = " (quick)"
"""Marks configurations that are too small to mean anything."""


@dataclass(frozen=True)
class Plan:
    """What was asked for.

    Attributes:
        device: `cpu` or `cuda:N`.
        repeats: timings of each thing; None is each section's own number.
        quick: tiny sizes, to see that everything works; the numbers mean nothing.
        configs: which configurations of the training step, by the beginnings of their names.
    """

    device: str
    repeats: int | None = None
    quick: bool = False
    configs: tuple[str, ...] = ()

    @property
    def note(self) -> str:
        """What the name of each configuration ends in."""
        return QUICK if self.quick else ""

    @property
    def seconds(self) -> float:
        """The least time of one repeat."""
        return 0.0 if self.quick else 0.3

"""The cost of a learner-step as one size changes: learners, V, depth, width, entity length."""

from __future__ import annotations

import dataclasses
from typing import Any

from retrodict.bench._contest import part
from retrodict.bench._row import Row
from retrodict.bench._section import Plan, Section, number, percent, span
from retrodict.bench._size import Size
from retrodict.bench._training import Entry, measure
from retrodict.progress import Tick

_LEARNERS, _REPEATS = 10, 5
_CENTRE = Size(2, 4, 128, 200)
_SWEEPS: dict[str, tuple[int, ...]] = {
    "learners": (1, 2, 5, 10, 20, 50),
    "vocab_size": (50, 100, 200, 400, 800),
    "n_layer": (1, 2, 4, 8),
    "d_model": (32, 64, 128, 256, 512),
    "entity_length": (1, 2, 3),
}
_TINY_LEARNERS, _TINY_CENTRE = 2, Size(1, 2, 16, 24)
_TINY_SWEEPS = {"learners": (1, 2), "entity_length": (1, 2)}


def measure_scaling(plan: Plan, tick: Tick) -> list[Row]:
    """Time the eager step along each sweep; the values of a sweep are timed in turn."""
    sweeps = _TINY_SWEEPS if plan.quick else _SWEEPS
    total = sum(map(len, sweeps.values()))
    rows: list[Row] = []
    for swept, values in sweeps.items():
        told = part(tick, len(rows) / total, (len(rows) + len(values)) / total)
        entries = [_entry(swept, value, plan.quick) for value in values]
        rows += [row for row, _ in measure("scaling", entries, _REPEATS, plan, told, swept)]
    return rows


def _entry(swept: str, value: int, quick: bool) -> Entry:
    size, learners = (_TINY_CENTRE, _TINY_LEARNERS) if quick else (_CENTRE, _LEARNERS)
    if swept == "learners":
        return Entry(size, learners=value)
    change: dict[str, Any] = {swept: value}
    return Entry(dataclasses.replace(size, **change), learners=learners)


def _cells(row: Row) -> dict[str, str]:
    return {
        "value": str(getattr(row, str(row.swept))),
        "ms/step": number(row.ms_per_learner_step),
        "range": span(row.ms_range),
        "of floor": percent(row.share_of_floor),
        "evaluation": number(row.ms_evaluation_per_learner_epoch),
        "peak": number(row.peak_memory_mb),
    }


SECTION = Section(
    name="scaling",
    title="cost of a learner-step as one size changes",
    legend="Eager, 10 learners, 2x128, V = 200, entity length 1, dropout 0.1, except what is "
    "varied. evaluation: milliseconds per learner and evaluation. peak: growth of memory in MB.",
    seconds=120.0,
    measure=measure_scaling,
    cells=_cells,
    common=lambda row: f"{row.swept} varied",
    point=lambda row: ("eager, one size varied", str(row.swept), ""),
)

"""What a learner-step costs as one size at a time is changed: learners, V, depth, width, length."""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import Any

from retrodict.bench._contest import Ours, Tick, compete, part
from retrodict.bench._floor import largest_product
from retrodict.bench._machine import Machine, measure_rates
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row, training_row
from retrodict.bench._section import Section, number, percent, span
from retrodict.bench._size import Size
from retrodict.training import threads_of_torch

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
    """Time the eager step along each sweep; the values of a sweep take turns."""
    sweeps = _TINY_SWEEPS if plan.quick else _SWEEPS
    total = sum(len(values) for values in sweeps.values())
    rows: list[Row] = []
    for swept, values in sweeps.items():
        start, end = len(rows) / total, (len(rows) + len(values)) / total
        rows += _measure(swept, values, plan, part(tick, start, end))
    return rows


def _measure(swept: str, values: tuple[int, ...], plan: Plan, tick: Tick) -> list[Row]:
    points = {value: _point(swept, value, plan.quick) for value in values}
    experiment = points[values[0]][0].experiment()
    device, threads = experiment.training.device, experiment.threads
    with threads_of_torch(threads):
        shapes = [largest_product(size.experiment()) for size, _ in points.values()]
        rates = measure_rates(device, shapes, plan.quick)
        builders = {
            value: partial(Ours, size.experiment(learners, "eager"))
            for value, (size, learners) in points.items()
        }
        timings = compete(builders, plan.repeats or _REPEATS, plan.seconds, device, tick)
        rates = rates.best(measure_rates(device, shapes, plan.quick))
    machine = Machine.here(device, threads)
    return [
        training_row(
            "scaling", size, "eager", timings[value], rates, machine, swept=swept, note=plan.note
        )
        for value, (size, _) in points.items()
    ]


def _point(swept: str, value: int, quick: bool) -> tuple[Size, int]:
    """Return the size and the number of learners of one point of a sweep."""
    centre = _TINY_CENTRE if quick else _CENTRE
    learners = _TINY_LEARNERS if quick else _LEARNERS
    if swept == "learners":
        return centre, value
    change: dict[str, Any] = {swept: value}
    return dataclasses.replace(centre, **change), learners


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
    legend="Eager, 10 learners, 2x128, V = 200, entity length 1, dropout 0.1, but for what is "
    "varied. evaluation: milliseconds a learner and evaluation. peak: growth of memory in MB.",
    seconds=120.0,
    measure=measure_scaling,
    cells=_cells,
    common=lambda row: f"{row.swept} varied",
    panel=lambda row: "eager, one size varied",
)

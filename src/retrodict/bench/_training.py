"""Time trainings in turn, between two measurements of the machine's rates."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import asdict
from typing import NamedTuple

from retrodict.bench._contest import Contestant, Ours, Timing, compete
from retrodict.bench._floor import largest_product, needed
from retrodict.bench._machine import Machine, Rates, measure_rates
from retrodict.bench._peer import Peer
from retrodict.bench._row import Row
from retrodict.bench._section import Plan
from retrodict.bench._size import Size
from retrodict.progress import Tick
from retrodict.training import threads_of_torch

PEER = "peer"


class Entry(NamedTuple):
    """What is timed; the variant is `peer`, `eager` or `compiled`."""

    size: Size
    variant: str = "eager"
    learners: int = 1

    def build(self) -> Contestant:
        """Build the contestant."""
        if self.variant == PEER:
            return Peer(self.size.experiment())
        return Ours(self.size.experiment(self.learners, self.variant))


def measure(
    section: str,
    entries: Sequence[Entry],
    repeats: int,
    plan: Plan,
    tick: Tick,
    swept: str | None = None,
) -> list[tuple[Row, Timing]]:
    """Time entries in turn; return the row and the timing of each."""
    sizes = [entry.size.experiment() for entry in entries]
    device, threads = sizes[0].training.device, sizes[0].threads
    shapes = list(dict.fromkeys(map(largest_product, sizes)))
    with threads_of_torch(threads):
        before = measure_rates(device, shapes, plan.quick)
        builders = [entry.build for entry in entries]
        timings = compete(builders, plan.repeats or repeats, plan.seconds, device, tick)
        rates = before.best(measure_rates(device, shapes, plan.quick))
    machine = Machine.here(device, threads)
    return [
        (training_row(section, *entry[:2], timing, rates, machine, plan.note, swept), timing)
        for entry, timing in zip(entries, timings, strict=True)
    ]


def training_row(
    section: str,
    size: Size,
    variant: str,
    timing: Timing,
    rates: Rates,
    machine: Machine,
    note: str = "",
    swept: str | None = None,
) -> Row:
    """Describe a timing of a population, or of the peer, without comparing it to another."""
    least = needed(size.experiment())
    step, floor = statistics.median(timing.training), 1000 * least.seconds(rates)
    return Row(
        section=section,
        config=size.label + note,
        variant=variant,
        swept=swept,
        learners=timing.learners,
        repeats=len(timing.training),
        ms_per_learner_step=step,
        ms_range=spread(timing.training),
        ms_evaluation_per_learner_epoch=statistics.median(timing.evaluation),
        floor_ms=floor,
        share_of_floor=floor / step,
        operations=least.operations,
        traffic=least.traffic,
        machine_operations=rates.operations(size.precision),
        machine_bandwidth=rates.bandwidth,
        peak_memory_mb=timing.peak_memory_mb,
        **asdict(machine),
        **asdict(size),
    )


def spread(values: Sequence[float]) -> tuple[float, float]:
    """Return the smallest and the largest value."""
    return min(values), max(values)

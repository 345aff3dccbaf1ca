"""The training step: the usual script, ours eager and compiled, and the floor."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import statistics
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import torch

from retrodict.bench._contest import Contestant, Ours, Tick, Timing, compete, part
from retrodict.bench._floor import largest_product, needed
from retrodict.bench._machine import Machine, is_gpu, measure_rates
from retrodict.bench._peer import Peer
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row, ratios, spread, training_row
from retrodict.bench._section import Section, number, percent, span
from retrodict.bench._size import Size
from retrodict.errors import BadInput, nearest
from retrodict.training import obstacle, threads_of_torch

PEER = "peer"
_REPEATS, _REPEATS_LARGE = 5, 3
_USUAL_RATE = 5e10  # operations a second; only for saying how far the benchmark is

Variant = tuple[str, int]
"""What runs the step, `peer`, `eager` or `compiled`, and the number of learners."""


@dataclass(frozen=True)
class Config:
    """What is compared at one size.

    Attributes:
        size: of the experiment, but for dropout and precision.
        variants: the contestants; the peer is the first.
        repeats: timings of each.
        dropouts, precisions: each pair of them is a contest of its own.
    """

    size: Size
    variants: tuple[Variant, ...]
    repeats: int = _REPEATS
    dropouts: tuple[float, ...] = (0.0, 0.1)
    precisions: tuple[str, ...] = ("float32",)

    def contests(self, compiler: bool) -> list[Config]:
        """Return the contests one by one; without a compiler, without what has to be compiled."""
        variants = tuple(v for v in self.variants if compiler or v[0] != "compiled")
        return [
            Config(
                dataclasses.replace(self.size, dropout=dropout, precision=precision),
                variants,
                self.repeats,
                (dropout,),
                (precision,),
            )
            for precision in self.precisions
            for dropout in self.dropouts
        ]


def configs(device: str) -> tuple[Config, ...]:
    """Return what is compared on a device.

    On a GPU ten learners of the largest size fit as well, and lower precisions are worth it.
    """
    ten: tuple[Variant, ...] = ((PEER, 1), ("eager", 1), ("eager", 10), ("compiled", 10))
    one: tuple[Variant, ...] = ((PEER, 1), ("eager", 1))  # 24 layers take minutes to compile
    many: tuple[Variant, ...] = ((PEER, 1), ("eager", 1), ("compiled", 10))  # 80 GB hold no more
    precisions = ("float32", "tf32", "bfloat16") if is_gpu(device) else ("float32",)
    return (
        Config(Size(2, 4, 128, 80), ten, precisions=precisions),
        Config(Size(4, 4, 256, 800), ten, precisions=precisions),
        Config(
            Size(24, 12, 768, 800),
            many if is_gpu(device) else one,
            _REPEATS_LARGE,
            precisions=precisions,
        ),
    )


_TINY = (Config(Size(1, 2, 16, 24), ((PEER, 1), ("eager", 1), ("eager", 3)), repeats=2),)


def choose_configs(names: Sequence[str], device: str, quick: bool = False) -> tuple[Config, ...]:
    """Return the configurations whose labels begin with one of these names; all for none.

    Raises:
        BadInput: there is none.

    >>> [config.size.label for config in choose_configs(["4x256"], "cpu")]
    ['4x256 V=800']
    """
    known = _TINY if quick else configs(device)
    for name in names:
        if not any(config.size.label.startswith(name) for config in known):
            labels = [config.size.label for config in known]
            shown = [label.partition(" ")[0] for label in labels]
            raise BadInput(f"--config {name}: no such configuration; {nearest(name, shown)}")
    return tuple(
        config
        for config in known
        if not names or any(config.size.label.startswith(name) for name in names)
    )


def measure_steps(plan: Plan, tick: Tick) -> list[Row]:
    """Compare the training step at every configuration, without and with dropout.

    Raises:
        BadInput: transformers is not installed.
    """
    _warm_up(plan.device)
    chosen = choose_configs(plan.configs, plan.device, plan.quick)
    compiles = not obstacle(plan.device.partition(":")[0])
    contests = [contest for config in chosen for contest in config.contests(compiles)]
    costs = [_usual_seconds(config, plan) for config in contests]
    rows: list[Row] = []
    with fresh_compiler_cache():
        for i, config in enumerate(contests):
            start, end = sum(costs[:i]) / sum(costs), sum(costs[: i + 1]) / sum(costs)
            rows += _measure(config, plan, part(tick, start, end))
    return rows


def _measure(config: Config, plan: Plan, tick: Tick) -> list[Row]:
    size = config.size
    experiment = size.experiment()
    device, threads = experiment.training.device, experiment.threads
    with threads_of_torch(threads):
        shapes = [largest_product(experiment)]
        rates = measure_rates(device, shapes, plan.quick)
        builders = {variant: _builder(size, variant) for variant in config.variants}
        repeats = plan.repeats or config.repeats
        timings = compete(builders, repeats, plan.seconds, device, tick)
        rates = rates.best(measure_rates(device, shapes, plan.quick))
    if any(kind == "compiled" for kind, _ in config.variants):
        torch.compiler.reset()  # it keeps what it compiled, and the weights with it
    machine = Machine.here(device, threads)
    rows = {
        (kind, learners): training_row("step", size, kind, timing, rates, machine, note=plan.note)
        for (kind, learners), timing in timings.items()
    }
    return compare(rows, timings)


def _warm_up(device: str) -> None:
    """Load what is loaded at first use, so that no contestant pays for it."""
    (tiny,) = _TINY
    builders = {variant: _builder(tiny.size, variant) for variant in tiny.variants}
    compete(builders, 1, 0.0, device, lambda share: None)


def _builder(size: Size, variant: Variant) -> Callable[[], Contestant]:
    kind, learners = variant
    if kind == PEER:
        return partial(Peer, size.experiment())
    return partial(Ours, size.experiment(learners, kind))


def compare(rows: Mapping[Variant, Row], timings: Mapping[Variant, Timing]) -> list[Row]:
    """Fill in what comes from two variants: ratios to the peer, and what compiling costs and saves.

    Args:
        rows: as `training_row` made them.
        timings: of the same variants.
    """
    peer = next(timing for (kind, _), timing in timings.items() if kind == PEER)
    found = []
    for (kind, learners), row in rows.items():
        timing = timings[kind, learners]
        faster = ratios(peer.training, timing.training)
        whole = ratios(peer.epochs, timing.epochs)
        row = dataclasses.replace(
            row,
            ratio_to_peer=statistics.median(faster),
            ratio_range=spread(faster),
            ratio_with_evaluation=statistics.median(whole),
        )
        eager = timings.get(("eager", learners))
        if kind == "compiled" and eager is not None:
            cost = max(timing.first_seconds - eager.first_seconds, 0.0)
            row = dataclasses.replace(
                row,
                compile_seconds=cost,
                break_even_steps=break_even(cost, eager, timing),
            )
        found.append(row)
    return found


def break_even(cost: float, eager: Timing, compiled: Timing) -> int | None:
    """Return after how many steps of the population compiling has paid; None: it never does.

    Args:
        cost: seconds of compiling.
        eager, compiled: timings of the same learners.
    """
    saved = statistics.median(eager.training) - statistics.median(compiled.training)
    return math.ceil(1000 * cost / (saved * eager.learners)) if saved > 0 else None


@contextlib.contextmanager
def fresh_compiler_cache() -> Iterator[None]:
    """Let compiling start from nothing: what was compiled before would be found on the disk."""
    key = "TORCHINDUCTOR_CACHE_DIR"
    before = os.environ.get(key)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ[key] = folder
        try:
            yield
        finally:
            os.environ.pop(key)
            if before is not None:
                os.environ[key] = before


def _usual_seconds(config: Config, plan: Plan) -> float:
    """How long a configuration takes on some usual machine."""
    least = needed(config.size.experiment())
    epoch = 2 * least.steps * least.operations / _USUAL_RATE
    rounds = (plan.repeats or config.repeats) + 2
    return sum(rounds * max(plan.seconds, learners * epoch) for _, learners in config.variants)


def setting(row: Row) -> str:
    """Return what a contest has in common besides sizes."""
    lower = "" if row.precision == "float32" else f", {row.precision}"
    return f"dropout {row.dropout:g}{lower}"


def _cells(row: Row) -> dict[str, str]:
    spread = f" ({span(row.ratio_range)})" if row.ratio_range else ""
    return {
        "variant": row.variant,
        "learners": str(row.learners),
        "ms/step": number(row.ms_per_learner_step),
        "× peer": number(row.ratio_to_peer) + spread,
        "whole": number(row.ratio_with_evaluation),
        "of floor": percent(row.share_of_floor),
        "compile": number(row.compile_seconds),
        "pays": _pays(row),
        "peak": number(row.peak_memory_mb),
    }


def _pays(row: Row) -> str:
    if row.compile_seconds is None:
        return ""
    return "never" if row.break_even_steps is None else f"{row.break_even_steps}"


SECTION = Section(
    name="step",
    title="training step: forward, backward, optimiser",
    legend="ms/step: milliseconds a learner-step. × peer: the usual script's time over this one's, "
    "median and range over rounds; whole: the same of whole epochs, evaluated once. of floor: the "
    "least possible time over this one's. compile: seconds that the first epoch takes longer; "
    "pays: after so many steps of the population. peak: growth of memory in MB.",
    seconds=600.0,
    measure=measure_steps,
    cells=_cells,
    common=lambda row: f"{row.config}, {setting(row)}",
    panel=setting,
)

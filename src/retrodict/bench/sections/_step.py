"""The training step: the usual script, ours eager and compiled, and the floor."""

from __future__ import annotations

import contextlib
import math
import os
import statistics
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import torch

from retrodict.bench._contest import Timing, compete, part
from retrodict.bench._floor import needed
from retrodict.bench._machine import is_gpu
from retrodict.bench._row import Row
from retrodict.bench._section import QUICK, Plan, Section, number, percent, span
from retrodict.bench._size import Size
from retrodict.bench._training import PEER, Entry, measure, spread
from retrodict.errors import BadInput, nearest
from retrodict.progress import Tick
from retrodict.training import obstacle

_REPEATS, _REPEATS_LARGE = 5, 3
_DROPOUTS = (0.0, 0.1)
_USUAL_RATE = 5e10  # operations per second; only for the progress bar

Variant = tuple[str, int]
"""What runs the step, `peer`, `eager` or `compiled`, and the number of learners."""


@dataclass(frozen=True)
class Config:
    """What is compared at one size.

    Attributes:
        size: of the experiment, except dropout and precision.
        variants: the contestants; the peer is the first.
        repeats: timings of each.
        precisions: each is compared separately, without and with dropout.
    """

    size: Size
    variants: tuple[Variant, ...]
    repeats: int = _REPEATS
    precisions: tuple[str, ...] = ("float32",)

    def contests(self, compiler: bool) -> list[list[Entry]]:
        """List the entries of each contest; without a compiler, none that has to be compiled."""
        return [
            [
                Entry(replace(self.size, dropout=dropout, precision=precision), *variant)
                for variant in self.variants
                if compiler or variant[0] != "compiled"
            ]
            for precision in self.precisions
            for dropout in _DROPOUTS
        ]


def configs(device: str) -> tuple[Config, ...]:
    """Return what is compared on a device.

    On a GPU ten learners of the largest size also fit, and lower precisions are faster.
    """
    both: tuple[Variant, ...] = ((PEER, 1), ("eager", 1))  # 24 layers take minutes to compile
    ten = (*both, ("eager", 10), ("compiled", 10))
    large = (*both, ("compiled", 10)) if is_gpu(device) else both
    precisions = ("float32", "tf32", "bfloat16") if is_gpu(device) else ("float32",)
    return (
        Config(Size(2, 4, 128, 80), ten, precisions=precisions),
        Config(Size(4, 4, 256, 800), ten, precisions=precisions),
        Config(Size(24, 12, 768, 800), large, _REPEATS_LARGE, precisions),
    )


_TINY = Config(Size(1, 2, 16, 24), ((PEER, 1), ("eager", 1), ("eager", 3)), repeats=2)


def choose_configs(names: Sequence[str], device: str, quick: bool = False) -> tuple[Config, ...]:
    """Return the configurations whose labels begin with one of these names; by default all.

    Raises:
        BadInput: no label begins with a name.

    >>> [config.size.label for config in choose_configs(["4x256"], "cpu")]
    ['4x256 V=800']
    """
    known = {config.size.label: config for config in ((_TINY,) if quick else configs(device))}
    for name in names:
        if not any(label.startswith(name) for label in known):
            shown = [label.partition(" ")[0] for label in known]
            raise BadInput(f"--config {name}: no such configuration; {nearest(name, shown)}")
    begun = tuple(names) or ("",)
    return tuple(config for label, config in known.items() if label.startswith(begun))


def measure_steps(plan: Plan, tick: Tick) -> list[Row]:
    """Compare the training step at every configuration, without and with dropout.

    Raises:
        BadInput: transformers is not installed.
    """
    # load now what is otherwise loaded at first use, so that no contestant pays for it
    tiny = [entry.build for entry in _TINY.contests(compiler=False)[0]]
    compete(tiny, 1, 0.0, plan.device, lambda share: None)
    chosen = choose_configs(plan.configs, plan.device, plan.quick)
    compiles = not obstacle(plan.device.partition(":")[0])
    contests = [(one.repeats, entries) for one in chosen for entries in one.contests(compiles)]
    costs = [_usual_seconds(entries, plan.repeats or n, plan.seconds) for n, entries in contests]
    rows: list[Row] = []
    with fresh_compiler_cache():
        for i, (repeats, entries) in enumerate(contests):
            start, end = sum(costs[:i]) / sum(costs), sum(costs[: i + 1]) / sum(costs)
            rows += compare(measure("step", entries, repeats, plan, part(tick, start, end)))
            if any(entry.variant == "compiled" for entry in entries):
                torch.compiler.reset()  # it keeps what it compiled, and the weights with it
    return rows


def compare(measured: Sequence[tuple[Row, Timing]]) -> list[Row]:
    """Add to a contest's rows the ratios to the peer, and what compiling costs and saves."""
    peer = next(timing for row, timing in measured if row.variant == PEER)
    eager = {row.learners: timing for row, timing in measured if row.variant == "eager"}
    found = []
    for row, timing in measured:
        faster = ratios(peer.training, timing.training)
        row = replace(
            row,
            ratio_to_peer=statistics.median(faster),
            ratio_range=spread(faster),
            ratio_with_evaluation=statistics.median(ratios(peer.epochs, timing.epochs)),
        )
        if row.variant == "compiled" and row.learners in eager:
            usual = eager[row.learners]
            cost = max(timing.first_seconds - usual.first_seconds, 0.0)
            pays = break_even(cost, usual, timing)
            row = replace(row, compile_seconds=cost, break_even_steps=pays)
        found.append(row)
    return found


def ratios(peer: Sequence[float], ours: Sequence[float]) -> list[float]:
    """Return peer over ours, round by round."""
    return [p / o for p, o in zip(peer, ours, strict=True)]


def break_even(cost: float, eager: Timing, compiled: Timing) -> int | None:
    """Return after how many population steps compiling has paid off; `cost` in seconds.

    None if it never does.
    """
    saved = statistics.median(eager.training) - statistics.median(compiled.training)
    return math.ceil(1000 * cost / (saved * eager.learners)) if saved > 0 else None


@contextlib.contextmanager
def fresh_compiler_cache() -> Iterator[None]:
    """Use an empty compiler cache, so that earlier compilations are not reused."""
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


def _usual_seconds(entries: Sequence[Entry], repeats: int, seconds: float) -> float:
    """Seconds that a contest takes on a typical machine."""
    least = needed(entries[0].size.experiment())
    epoch = 2 * least.steps * least.operations / _USUAL_RATE
    return sum((repeats + 2) * max(seconds, entry.learners * epoch) for entry in entries)


def _setting(row: Row) -> str:
    """The settings that the rows of a contest share, besides sizes."""
    lower = "" if row.precision == "float32" else f", {row.precision}"
    return f"dropout {row.dropout:g}{lower}"


def _point(row: Row) -> tuple[str, str, str]:
    label = f"{row.variant}, {row.learners} learner{'s' if row.learners != 1 else ''}"
    label = "the usual script" if row.variant == PEER else label
    return _setting(row), label, row.config.removesuffix(QUICK)


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
    return "never" if row.break_even_steps is None else str(row.break_even_steps)


SECTION = Section(
    name="step",
    title="training step: forward, backward, optimiser",
    legend="ms/step: milliseconds per learner-step. × peer: the usual script's time over "
    "this one's, median and range over rounds; whole: the same for whole epochs, evaluated once. "
    "of floor: the least possible time over this one's. compile: by how many seconds the first "
    "epoch is longer; pays: population steps after which compiling pays off. peak: growth of "
    "memory in MB.",
    seconds=600.0,
    measure=measure_steps,
    cells=_cells,
    common=lambda row: f"{row.config}, {_setting(row)}",
    point=_point,
)

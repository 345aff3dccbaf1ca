"""Time figure 1 end to end: a fresh process from an empty store, and another from the full one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from dataclasses import asdict
from functools import partial

from retrodict.bench._machine import Machine, seconds_of
from retrodict.bench._row import Row
from retrodict.bench._section import Plan, Section, number
from retrodict.errors import CannotFinish
from retrodict.limits import core_count
from retrodict.progress import Tick

_SHARES = {"cold": 0.95, "warm": 1.0}
"""Variant → the share of the time that has passed after it; only for the progress bar."""
_DONE = (0, 1)  # done; done, and a claim does not hold


def measure_figure1(plan: Plan, tick: Tick) -> list[Row]:
    """Time `retrodict reproduce fig1` once from an empty store, and once from the full one.

    Raises:
        CannotFinish: the figure could not be made.
    """
    scale = "smoke" if plan.quick else "laptop"
    machine = Machine.here(plan.device, core_count())
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store:
        for variant, share in _SHARES.items():
            rows.append(
                Row(
                    section="figure1",
                    config=f"fig1 {scale}{plan.note}",
                    variant=variant,
                    repeats=1,
                    seconds=seconds_of(partial(_reproduce, scale, store)),
                    **asdict(machine),
                )
            )
            tick(share)
    return rows


def _reproduce(scale: str, store: str) -> None:
    command = ["-m", "retrodict", "reproduce", "fig1", "--scale", scale, "--out", store]
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if done.returncode not in _DONE:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise CannotFinish(f"figure 1 could not be made: {last.removeprefix('retrodict: ')}")


def _cells(row: Row) -> dict[str, str]:
    return {"config": row.config, "what": row.variant, "seconds": number(row.seconds)}


SECTION = Section(
    name="figure1",
    title="figure 1, end to end",
    legend="cold: from an empty store; warm: again from the full one. A fresh process each.",
    seconds=150.0,
    measure=measure_figure1,
    cells=_cells,
    holds_cores=False,
)

"""Figure 1 end to end: a fresh process from an empty store, and another from the full one."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from dataclasses import asdict

from retrodict.bench._contest import Tick
from retrodict.bench._machine import Machine
from retrodict.bench._plan import Plan
from retrodict.bench._row import Row
from retrodict.bench._section import Section, number
from retrodict.errors import CannotFinish
from retrodict.limits import core_count

_COLD_SHARE = 0.95  # of the time; only for saying how far it is
_DONE = (0, 1)  # done; done, and a claim does not hold


def measure_figure1(plan: Plan, tick: Tick) -> list[Row]:
    """Time `retrodict reproduce fig1`, cold and warm, once each: each is minutes, or mere start-up.

    Raises:
        CannotFinish: the figure could not be made.
    """
    scale = "smoke" if plan.quick else "laptop"
    machine = Machine.here(plan.device, core_count())
    rows = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as store:
        for variant, share in (("cold", _COLD_SHARE), ("warm", 1.0)):
            rows.append(
                Row(
                    section="figure1",
                    config=f"fig1 {scale}{plan.note}",
                    variant=variant,
                    repeats=1,
                    seconds=_seconds(scale, store),
                    **asdict(machine),
                )
            )
            tick(share)
    return rows


def _seconds(scale: str, store: str) -> float:
    command = ["-m", "retrodict", "reproduce", "fig1", "--scale", scale, "--out", store]
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True)
    if done.returncode not in _DONE:
        last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise CannotFinish(f"figure 1 could not be made: {last.removeprefix('retrodict: ')}")
    return time.perf_counter() - start


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

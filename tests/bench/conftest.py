"""What the benchmark's tests share."""

from __future__ import annotations

import pytest

from retrodict.bench import Machine, Plan, Rates
from retrodict.bench._contest import Timing
from retrodict.bench._size import Size
from retrodict.bench._training import training_row


@pytest.fixture
def quick() -> Plan:
    return Plan("cpu", repeats=1, quick=True)


@pytest.fixture
def step_row():
    """Make a row of the training step from its milliseconds."""

    def make(variant="eager", learners=10, ms=2.0, size=None, **more):
        timing = Timing(learners, 6, 1.0, 50.0, [ms], [ms / 2])
        rates = Rates({"float32": 180e9}, 40e9)
        machine = Machine("A Processor", 2, "2.13.0")
        size = size or Size(2, 4, 128, 80)
        return training_row("step", size, variant, timing, rates, machine, **more)

    return make

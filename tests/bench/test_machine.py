"""What is measured of the machine; sizes of numbers only, no times."""

from __future__ import annotations

import numpy as np
import pytest

from retrodict.bench import Machine, Rates, measure_rates
from retrodict.bench._floor import largest_product
from retrodict.bench._memory import PeakMemory
from retrodict.bench._size import Size
from retrodict.processor import processor


def test_rates_are_measured():
    rates = measure_rates("cpu", [(64, 32, 128)], quick=True)
    assert set(rates.products) == {"float32"}
    assert rates.operations("float32") > 0
    assert rates.bandwidth > 0


def test_the_best_of_two_measurements_is_the_best_of_each_rate():
    first, second = Rates({"float32": 1.0}, 4.0), Rates({"float32": 2.0}, 3.0)
    assert first.best(second) == Rates({"float32": 2.0}, 4.0)


def test_each_precision_has_its_rate():
    rates = Rates({"float32": 1.0, "tf32": 8.0}, 1.0)
    assert rates.operations("tf32") == 8.0
    assert rates.operations("float64") == rates.operations("float32") == 1.0


def test_the_largest_product_is_into_the_mlp():
    assert largest_product(Size(2, 4, 128, 80).experiment()) == (34 * 2, 128, 512)
    assert largest_product(Size(2, 4, 128, 800).experiment()) == (64 * 2, 128, 512)


def test_a_machine_has_a_name():
    machine = Machine.here("cpu", 1)
    assert machine.device == processor()
    assert machine.threads == 1


def test_peak_memory_sees_what_was_freed_again():
    memory = PeakMemory("cpu")
    if memory.megabytes() is None:
        pytest.skip("this system does not tell")
    array = np.ones(10_000_000)
    del array
    assert 70 < memory.megabytes() < 200


def test_peak_memory_is_unknown_where_the_system_does_not_tell(monkeypatch):
    monkeypatch.setattr("retrodict.bench._memory._kept", lambda *line: None)
    assert PeakMemory("cpu").megabytes() is None

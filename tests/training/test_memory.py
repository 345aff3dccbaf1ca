"""A population that cannot fit is refused before it is built."""

from __future__ import annotations

import pytest

from retrodict import BadInput
from retrodict.training import train


def test_too_many_learners_are_refused_with_the_number_that_fits(tiny, monkeypatch):
    one = 4 * 4 * tiny.model.parameter_count(26, 2)
    monkeypatch.setattr("retrodict.training._memory._available_bytes", lambda device: 2 * one)
    with pytest.raises(BadInput, match=r"training\.learners=2 would fit"):
        train(tiny)
    monkeypatch.setattr("retrodict.training._memory._available_bytes", lambda device: one - 1)
    with pytest.raises(BadInput, match="not even one learner fits"):
        train(tiny)


def test_what_fits_is_not_refused(tiny, monkeypatch):
    enough = 3 * 4 * 4 * tiny.model.parameter_count(26, 2)
    monkeypatch.setattr("retrodict.training._memory._available_bytes", lambda device: enough)
    train(tiny.with_overrides("training.epochs=0"))

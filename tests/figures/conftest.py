"""Inputs of figures, made of traces alone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from retrodict.figures import FigureInputs
from retrodict.trace import Trace


@pytest.fixture(scope="session")
def inputs_of():
    """A figure's inputs at smoke scale: traces stand for runs."""

    def make(traces: dict[str, Trace], theory: Any = None) -> FigureInputs:
        runs = {n: SimpleNamespace(experiment=t.experiment, trace=t) for n, t in traces.items()}
        return FigureInputs("smoke", runs, theory)

    return make

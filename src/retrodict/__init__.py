"""retrodict: a laboratory for the training dynamics of directional knowledge.

    experiment = retrodict.Experiment.from_yaml("experiment.yaml")
    trace = retrodict.train(experiment)         # a Trace: curves and effective weights
    theory = retrodict.theory.predict(experiment)   # the same, computed (analysed models)
    run = retrodict.open_run("runs/…")          # a finished run's folder; run.trace

Heavy packages (torch, xarray, …) are loaded when they are first used.
"""

import importlib
import os
from typing import TYPE_CHECKING, Any

from retrodict import limits as _limits  # noqa: F401  reads the cores before torch can bind them
from retrodict.host import own_settings

if TYPE_CHECKING:
    from retrodict import measures, objectives, tasks, theory
    from retrodict.errors import BadInput, CannotFinish
    from retrodict.experiment import Experiment, Grid
    from retrodict.launch import train
    from retrodict.runs import Run, open_run
    from retrodict.trace import Trace

__version__ = "0.1.0"

# torch's threads (GNU OpenMP) spin while they wait for each other. If another process uses one of
# the cores, a step of a small model then takes ten times as long. Bounding the spin prevents that
# and costs at most about 10% on an idle machine. torch reads the variable when it is loaded.
if "OMP_WAIT_POLICY" not in os.environ:
    os.environ.setdefault("GOMP_SPINCOUNT", "10000")

__all__ = [
    "BadInput",
    "CannotFinish",
    "Experiment",
    "Grid",
    "Run",
    "Trace",
    "measures",
    "objectives",
    "open_run",
    "tasks",
    "theory",
    "train",
]

_HOMES = {
    "BadInput": "retrodict.errors",
    "CannotFinish": "retrodict.errors",
    "Experiment": "retrodict.experiment",
    "Grid": "retrodict.experiment",
    "Run": "retrodict.runs",
    "Trace": "retrodict.trace",
    "open_run": "retrodict.runs",
    "train": "retrodict.launch",
}


@own_settings()
def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(importlib.import_module(_HOMES[name]), name)
    if name in ("measures", "objectives", "tasks", "theory"):
        return importlib.import_module(f"retrodict.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

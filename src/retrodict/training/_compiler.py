"""Whether a step can be compiled here, tested before a run is named.

The bits of a compiled step are not those of an eager one, so a run that is called compiled is, or
is not made. Where nothing can be compiled, the experiment is the eager one before it is hashed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cache

import torch

from retrodict.errors import CannotFinish, is_out_of_memory
from retrodict.experiment import Placed
from retrodict.host import own_settings

NEEDS = (
    "compiling needs a C++ compiler (on a GPU also a C compiler and Python's headers), a folder "
    "for what it compiles (TORCHINDUCTOR_CACHE_DIR), and torch.compile switched on"
)


def as_it_can_run(experiment: Placed, note: Callable[[str], None]) -> Placed:
    """Return an experiment, or the eager one where its step cannot be compiled here.

    Args:
        experiment: what is asked.
        note: called with the reason, once per process and kind of device.
    """
    if experiment.execution == "eager":
        return experiment
    device = torch.device(experiment.training.device).type
    if not (why := obstacle(device)):
        return experiment
    if device not in _TOLD:
        _TOLD.add(device)
        note(f"the step runs eager: it cannot be compiled here ({why}); {NEEDS}")
    return experiment.eager()


@cache
@own_settings()
def obstacle(device: str) -> str:
    """Compile something small for a kind of device, as cuda; return why that failed, or nothing."""
    one = 1 + time.time_ns() % 2**24 / 2**24  # of its own, or it may be found compiled
    try:
        work = torch.compile(
            lambda x: x + (one if torch.compiler.is_compiling() else 0.0),
            fullgraph=True,
            dynamic=False,
        )
        if float(work(torch.zeros(64, device=device)).sum()) > 0:
            return ""
    except Exception as error:
        if is_out_of_memory(error):
            raise
        return reason(error)
    return "torch.compile is switched off"


def require_compiled() -> None:
    """Make sure, within a function that is compiled, that it is.

    Raises:
        CannotFinish: torch runs it eagerly without saying so.
    """
    if not torch.compiler.is_compiling():
        raise CannotFinish(_not_compiled("torch.compile is switched off"))


def refused(error: Exception) -> CannotFinish | None:
    """Return the error to report for one that the compiler raised; None for any other."""
    from torch._dynamo.exc import TorchDynamoException

    ours = isinstance(error, TorchDynamoException) and not is_out_of_memory(error)
    return CannotFinish(_not_compiled(reason(error))) if ours else None


def reason(error: Exception) -> str:
    """Return the first line of the compiler's error."""
    said = str(error).strip() or type(error).__name__
    return f"{said.splitlines()[0]:.200}"


def _not_compiled(why: str) -> str:
    return (
        f"the step cannot be compiled here ({why}); {NEEDS}; --set training.execution=eager trains "
        "without"
    )


_TOLD: set[str] = set()
"""Kinds of devices already reported."""

"""What a measure of probe groups is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr


@dataclass(frozen=True)
class Measure:
    """A number for every learner, epoch and probe group.

    Attributes:
        name: its key in `--json`.
        read: the curves of a trace → its values, over the curves' dimensions.
        title: of its column where final values are printed; "" if it is in `--json` only.
        spec: how a number is written in that column.
    """

    name: str
    read: Callable[[xr.Dataset], xr.DataArray]
    title: str = ""
    spec: str = ".2f"

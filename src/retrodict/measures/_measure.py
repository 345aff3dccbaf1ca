"""Measures of probe groups."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import xarray as xr


@dataclass(frozen=True)
class Measure:
    """A number for every learner, epoch and probe group.

    Attributes:
        name: its key in `--json`.
        read: the curves of a trace → values over the curves' dimensions.
        title: of its column in tables of final values; "" if it is only in `--json`.
        spec: the format of numbers in that column.
    """

    name: str
    read: Callable[[xr.Dataset], xr.DataArray]
    title: str = ""
    spec: str = ".2f"

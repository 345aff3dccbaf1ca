"""Encode numbers for the page's scripts in base64: curves as 16-bit, matrices as 8-bit integers.

A curve is rounded to 1/65534 of its range, a matrix to 1/127 of the largest weight of its run. Both
steps are too small to see; the page states the second.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from retrodict.measures import diagonal_z
from retrodict.trace import Trace

MISSING = 65535
MOST_POINTS = 160
"""Epochs a curve is thinned to."""

VARIANTS = {"entity_only": "entity alone", "prompt_matched": "entity and relation"}
_MOST_LEARNERS = 5
_MOST_CELLS = 6_000_000
"""Cells of one learner's matrices; a run with more is shown by its figures only."""


def pack_curve(values: np.ndarray) -> dict[str, Any]:
    """Pack values of shape (learner, epoch); values that are not finite become `MISSING`.

    >>> pack_curve(np.array([[0.0, np.nan, 65534.0]]))
    {'low': 0.0, 'step': 1.0, 'data': 'AAD///7/'}
    """
    finite = np.isfinite(values)
    kept = values[finite]
    low = float(kept.min()) if kept.size else 0.0
    step = (float(kept.max()) - low) / (MISSING - 1) if kept.size else 0.0
    step = step or 1.0
    scaled = (np.where(finite, values, low) - low) / step
    codes = np.where(finite, np.round(scaled), MISSING).astype("<u2")
    return {"low": low, "step": step, "data": base64.b64encode(codes.tobytes()).decode()}


def thinned(count: int, keep: Sequence[int] = ()) -> np.ndarray:
    """Choose about `MOST_POINTS` of `count` positions at most, with the first, the last and `keep`.

    >>> thinned(4)
    array([0, 1, 2, 3])
    """
    even = np.linspace(0, count - 1, min(count, MOST_POINTS)).round().astype(int)
    return np.union1d(even, np.asarray(keep, dtype=int))


@dataclass(frozen=True)
class Matrices:
    """The effective weights of a run over its snapshots.

    Attributes:
        head: what a script needs besides the numbers: panels, snapshots, steps, colours, z.
        learners: (number, seed, packed), the first few that stayed finite.
        total: how many learners the run has.
    """

    head: Mapping[str, Any]
    learners: tuple[tuple[int, int, str], ...]
    total: int


def pack_matrices(trace: Trace) -> Matrices | None:
    """Pack a run's effective weights, if it has more than one snapshot of them."""
    panels = trace.weights
    if not panels:
        return None
    first = next(iter(panels.values()))
    cells = sum(panel["entity_only"][0].size for panel in panels.values())
    if first.sizes["snapshot"] < 2 or 2 * cells > _MOST_CELLS:
        return None
    all_finite = [np.isfinite(p["entity_only"].values).all((1, 2, 3)) for p in panels.values()]
    finite = np.flatnonzero(np.all(all_finite, axis=0))[:_MOST_LEARNERS]
    if not len(finite):
        return None
    shown = {name: _flat(panels, name, finite) for name in VARIANTS}
    if np.array_equal(shown["entity_only"], shown["prompt_matched"], equal_nan=True):
        del shown["prompt_matched"]
    described, codes = [], []
    for name, values in shown.items():
        kept = np.nan_to_num(values)
        step = float(np.abs(kept).max(initial=0.0)) / 127 or 1.0
        codes.append(np.round(kept / step).astype(np.int8))
        described.append(
            {
                "label": VARIANTS[name],
                "step": step,
                "limit": _colour_limit(panels, name, int(finite[0])),
                "z": [_z(panel[name].values) for panel in panels.values()],
            }
        )
    seeds = first["seed"].values
    packed = tuple(
        (int(s), int(seeds[s]), _squeeze(b"".join(coded[i].tobytes() for coded in codes)))
        for i, s in enumerate(finite)
    )
    head = {
        "snapshots": [int(epoch) for epoch in first["snapshot"].values],
        "panels": [
            {
                "title": str(panel.attrs.get("title", name)),
                "rows": panel.sizes["source"],
                "columns": panel.sizes["target"],
            }
            for name, panel in panels.items()
        ],
        "variants": described,
    }
    return Matrices(head, packed, int(first.sizes["learner"]))


def _flat(panels: Mapping[str, xr.Dataset], variant: str, learners: np.ndarray) -> np.ndarray:
    """Put the cells of all panels side by side, shape (learner, snapshot, cell)."""
    kept = [panel[variant].values[learners] for panel in panels.values()]
    return np.concatenate([values.reshape(*values.shape[:2], -1) for values in kept], axis=2)


def _squeeze(codes: bytes) -> str:
    return base64.b64encode(zlib.compress(codes, 6)).decode()


def _z(matrix: np.ndarray) -> list[list[float | None]]:
    """How far the diagonal stands out, for each snapshot and learner."""
    if matrix.shape[-1] != matrix.shape[-2]:
        return [[None] * matrix.shape[0] for _ in range(matrix.shape[1])]
    return [[rounded(z) for z in line] for line in diagonal_z(matrix).T]


def rounded(value: float) -> float | None:
    """Round a number for JSON; None if it is not finite, as JSON has no such numbers."""
    return float(f"{value:.5g}") if np.isfinite(value) else None


def _colour_limit(panels: Mapping[str, xr.Dataset], variant: str, learner: int) -> float:
    """The 99.9 % quantile of the last snapshot's |weights|, as in the drawings."""
    last = [np.abs(panel[variant].values[learner, -1]) for panel in panels.values()]
    sizes = [float(np.quantile(values, 0.999)) for values in last if np.isfinite(values).all()]
    return max(sizes, default=0.0) or 1.0

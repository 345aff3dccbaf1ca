"""Claims about effective weights: which diagonals stand out."""

from __future__ import annotations

import xarray as xr

from retrodict.claims import Claim, at_least, within
from retrodict.measures import Interval, diagonal_z, over_learners
from retrodict.tasks import Role
from retrodict.trace import Trace

TRAINED_Z, UNTRAINED_Z = 2.0, 0.5


def weight_claims(figure: str, trace: Trace) -> list[Claim]:
    """Check every panel of a trace at its last snapshot, as the captions do, by the entity alone.

    The captions give no numbers; the thresholds on z (see `measures.diagonal_z`) are ours [R].
    """
    return [
        diagonal(f"{figure}.{name}", panel.attrs["title"], "S", z_at_end(panel), trace.roles[name])
        for name, panel in trace.weights.items()
    ]


def z_at_end(panel: xr.Dataset, variant: str = "entity_only") -> Interval:
    """How far the diagonal of a panel's last snapshot stands out, over learners."""
    return over_learners(diagonal_z(panel[variant].isel(snapshot=-1).values))


def diagonal(name: str, where: str, grade: str, z: Interval, role: Role) -> Claim:
    """Check that a taught diagonal stands out, or that a held-out one does not."""
    if role == "held_out":
        says = f"{where}: the diagonal does not stand out (z)"
        return within(name, says, grade, z, UNTRAINED_Z)
    return at_least(name, f"{where}: the diagonal stands out (z)", grade, z, TRAINED_Z)

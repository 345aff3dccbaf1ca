"""The claims that the captions of figures 2 and 4 share."""

from __future__ import annotations

from retrodict.claims import Claim, at_least, within
from retrodict.measures import diagonal_z, over_learners
from retrodict.trace import Trace

TRAINED_Z, UNTRAINED_Z = 2.0, 0.5


def weight_claims(figure: str, trace: Trace) -> list[Claim]:
    """Check that trained diagonals are large and the unseen direction's is near the rest.

    The captions give no numbers; the thresholds on z (see `measures.diagonal_z`) are ours [R].
    """
    found = []
    for name, panel in trace.weights.items():
        z = over_learners(diagonal_z(panel["entity_only"].isel(snapshot=-1).values))
        title = panel.attrs["title"]
        check, bound, says = (
            (within, UNTRAINED_Z, "does not stand out")
            if name == "validation"
            else (at_least, TRAINED_Z, "stands out")
        )
        found.append(check(f"{figure}.{name}", f"{title}: the diagonal {says} (z)", "S", z, bound))
    return found

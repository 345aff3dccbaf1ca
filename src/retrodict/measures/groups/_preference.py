"""How often the truth beats a random wrong answer."""

from __future__ import annotations

import numpy as np
import xarray as xr

from retrodict.host import own_settings
from retrodict.measures._measure import Measure
from retrodict.trace import Trace

BEATS_WRONG = (
    "'beats wrong' is how often the truth is likelier than a random wrong answer of its alphabet: "
    "0.5 without knowledge"
)
"""The explanation of this measure's column."""


@own_settings()
def preference(curves: Trace | xr.Dataset) -> xr.DataArray:
    """Return how often the truth beats a random wrong answer of its alphabet; 0.5 by chance.

    It follows from the rank: (alphabet size − rank) / (alphabet size − 1), ties counting half.
    """
    size = np.exp(curves["alphabet_nll"]).round()
    found: xr.DataArray = (size - curves["rank"]) / (size - 1)
    return found.assign_attrs(description="chance that the truth beats a random wrong answer")


PREFERENCE = Measure("preference", preference, "beats wrong")

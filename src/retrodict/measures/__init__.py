"""Measures: numbers computed from Traces, with intervals over learners."""

from retrodict.measures._effective_weights import diagonal_z, strength, z_of_snapshots
from retrodict.measures._indices import asymmetry, indices, intransitivity
from retrodict.measures._intervals import Interval, band, over_learners
from retrodict.measures._likelihood_bound import likelihood_bound
from retrodict.measures._measure import Measure
from retrodict.measures._solved import (
    SOLVED,
    SOLVED_SHARE,
    UNSOLVED,
    Broken,
    Share,
    median_censored,
    share_of,
    solved_at,
    splits,
    verdict,
)
from retrodict.measures._summary import (
    Final,
    answer_tokens,
    at_end,
    final_cells,
    final_values,
    held_out_values,
    taught,
)
from retrodict.measures.groups import MEASURES
from retrodict.measures.groups._preference import BEATS_WRONG, preference

__all__ = [
    "BEATS_WRONG",
    "MEASURES",
    "SOLVED",
    "SOLVED_SHARE",
    "UNSOLVED",
    "Broken",
    "Final",
    "Interval",
    "Measure",
    "Share",
    "answer_tokens",
    "asymmetry",
    "at_end",
    "band",
    "diagonal_z",
    "final_cells",
    "final_values",
    "held_out_values",
    "indices",
    "intransitivity",
    "likelihood_bound",
    "median_censored",
    "over_learners",
    "preference",
    "share_of",
    "solved_at",
    "splits",
    "strength",
    "taught",
    "verdict",
    "z_of_snapshots",
]

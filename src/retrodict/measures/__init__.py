"""Measures: numbers read off Traces, with intervals over learners."""

from retrodict.measures._effective_weights import diagonal_z
from retrodict.measures._indices import asymmetry, indices, intransitivity, strength
from retrodict.measures._intervals import Interval, band, over_learners
from retrodict.measures._likelihood_bound import likelihood_bound
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
    BEATS_WRONG,
    Final,
    answer_tokens,
    final_cells,
    final_values,
    held_out_values,
    preference,
    taught,
)

__all__ = [
    "BEATS_WRONG",
    "SOLVED",
    "SOLVED_SHARE",
    "UNSOLVED",
    "Broken",
    "Final",
    "Interval",
    "Share",
    "answer_tokens",
    "asymmetry",
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
]

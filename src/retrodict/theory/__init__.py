"""Theory: what the paper's two analysed models do, computed and not trained. NumPy and SciPy."""

from retrodict.theory._closed_form import (
    gap_bounds,
    logit_gap,
    miss_bounds,
    other_nll,
    row_logits,
    row_nll,
    time_to_nll,
)

__all__ = [
    "gap_bounds",
    "logit_gap",
    "miss_bounds",
    "other_nll",
    "row_logits",
    "row_nll",
    "time_to_nll",
]

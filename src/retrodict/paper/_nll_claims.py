"""The claims that the captions of figures 1 and 3 share."""

from __future__ import annotations

from retrodict.claims import Claim, at_least, at_most
from retrodict.measures import final_values, over_learners
from retrodict.trace import Trace

MEMORISED = 0.1  # nats; the next-token probability is above 0.9


def nll_claims(figure: str, trace: Trace) -> list[Claim]:
    """Check "learned nearly perfectly" and "not better than a uniformly random guess".

    The captions give no numbers; 0.1 nats for the first is ours [R]. The third claim is ours [O]:
    an NLL near the baselines is no sign of knowledge, the order of the answers is.
    """
    validation = final_values(trace)[-1]
    uniform = float(trace.attrs["uniform_nll"])
    return [
        at_most(
            f"{figure}.training",
            "training NLL (dropout on, as the authors record it) ends near 0",
            "S",
            over_learners(trace.curves["training_loss"].isel(epoch=-1).values),
            MEMORISED,
        ),
        at_least(
            f"{figure}.validation",
            "validation NLL ends no better than a uniform guess over all tokens",
            "S",
            validation.nll,
            uniform,
        ),
        at_most(
            f"{figure}.preference",
            "validation: the truth beats a random wrong answer no more often than chance",
            "O",
            validation.preference,
            0.5,
        ),
    ]

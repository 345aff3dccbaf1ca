"""The claims about negative log-probabilities that several captions share."""

from __future__ import annotations

from retrodict.claims import Claim, at_least, at_most
from retrodict.measures import final_values, over_learners, taught
from retrodict.trace import Trace

MEMORISED = 0.1  # nats; the next-token probability is above 0.9


def nll_claims(figure: str, trace: Trace) -> list[Claim]:
    """Check "learned nearly perfectly" and "not better than a uniformly random guess".

    The captions give no numbers; 0.1 nats for the first is ours [R]. The third claim is ours [O]:
    an NLL near the baselines is no sign of knowledge, the order of the answers is.
    """
    validation = final_values(trace)[-1]
    return [
        at_most(
            f"{figure}.training",
            "training NLL (dropout on, as the authors record it) ends near 0",
            "S",
            over_learners(trace.curves["training_loss"].isel(epoch=-1).values),
            MEMORISED,
        ),
        cursed(f"{figure}.validation", "held-out questions", "S", trace),
        at_most(
            f"{figure}.preference",
            "validation: the truth beats a random wrong answer no more often than chance",
            "O",
            validation.preference,
            0.5,
        ),
    ]


def memorised(name: str, where: str, grade: str, trace: Trace) -> Claim:
    """Check that the taught answers, whole, are known: mean over all taught questions, dropout off.

    A held-out question says something about the curse only where this holds. Single groups of a
    few questions can be higher for some epochs, when AdamW's steps spike for one learner: the
    statement says how high the worst is.
    """
    groups = trace.taught()["entity_nll"].isel(epoch=-1)
    worst = float(groups.mean("learner").max("group"))
    return at_most(
        name,
        f"{where}: the taught facts are memorised (NLL of the answer, dropout off; worst group "
        f"{worst:.3f})",
        grade,
        over_learners(taught(trace, "entity_nll").isel(epoch=-1).values),
        MEMORISED,
    )


def cursed(name: str, where: str, grade: str, trace: Trace) -> Claim:
    """Check that held-out questions are answered no better than by a uniform guess."""
    return at_least(
        name,
        f"{where}: validation NLL ends no better than a uniform guess over all tokens",
        grade,
        final_values(trace)[-1].nll,
        float(trace.attrs["uniform_nll"]),
    )


def curse_claims(prefix: str, where: str, grade: str, trace: Trace) -> list[Claim]:
    """Check that taught facts are memorised, and held-out ones no better than guessed."""
    return [
        memorised(f"{prefix}.training", where, grade, trace),
        cursed(f"{prefix}.validation", where, grade, trace),
    ]

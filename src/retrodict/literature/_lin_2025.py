"""Zero-hop supervision: that a middle entity is itself."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.claims import Check, Evidence, at_least
from retrodict.literature._judging import (
    HELD_OUT,
    board_runs,
    held_out_accuracy,
    judged,
    taught,
    unknown,
)
from retrodict.papers import LIN_2025
from retrodict.trace import Trace


def judge(traces: Mapping[str, Trace]) -> Evidence:
    """Accuracy on held-out leaps, with the zero-hop sentences and without."""
    trace = traces["zero_hop"]
    right = held_out_accuracy(trace)
    differs = "70 % of the leaps are taught; in the source's main setting none is"
    parts = [
        at_least("held-out", f"zero_hop: {HELD_OUT}", "S", right, 0.9, 0.1),
        unknown("S", f"plain: {HELD_OUT}")(traces["plain"]),
        taught("S")(trace),
    ]
    return judged(trace, parts, [differs])


CHECKS = (
    Check(
        name="zero-hop",
        title="zero-hop supervision of middle entities enables A ⇝ C",
        words="Saying of every middle entity that it is itself makes a model compose two facts.",
        source=LIN_2025,
        grade="S",
        grading="S: abstract and a caption; N: identities of middle entities only",
        setting="GPT-2-like models on synthetic triples, no leap taught.",
        testable="accuracy at least 0.9 on A ⇝ C of validation triples, at most 0.05 without",
        experiments=board_runs("zero_hop", "plain", task="chain"),
        judge=judge,
    ),
)

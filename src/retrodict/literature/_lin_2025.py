"""Zero-hop supervision: that a middle entity is itself."""

from __future__ import annotations

from retrodict.claims import Check
from retrodict.literature._judging import HELD_OUT, board_runs, judge_run, known, unknown
from retrodict.papers import LIN_2025

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
        judge=judge_run(
            "zero_hop",
            known("S", f"zero_hop: {HELD_OUT}", 0.9, 0.1),
            plain=unknown("S", f"plain: {HELD_OUT}"),
            differs=["70 % of the leaps are taught; in the source's main setting none is"],
        ),
    ),
)

"""LLaDA: a masked diffusion model has no preferred direction."""

from __future__ import annotations

from retrodict.claims import Check
from retrodict.literature._judging import SOLVED, board_runs, judge_run, known
from retrodict.papers import NIE_2025

CHECKS = (
    Check(
        name="masked-diffusion",
        title="masked diffusion: solved",
        words="A masked diffusion model has no preferred direction.",
        source=NIE_2025,
        grade="N",
        grading="N: reversal of poem lines without a gap between directions",
        setting="LLaDA, 8 billion parameters.",
        testable=SOLVED,
        experiments=board_runs("diffusion", task="reversal"),
        judge=judge_run("diffusion", known("S")),
    ),
)

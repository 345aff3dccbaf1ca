"""BICO: a causal model that is also trained to fill gaps with bidirectional attention."""

from __future__ import annotations

from retrodict.claims import Check
from retrodict.literature._judging import SOLVED, board_runs, judge_run, known
from retrodict.papers import LV_2023

CHECKS = (
    Check(
        name="bico",
        title="bidirectional denoising in a causal model: solved",
        words="Trained also to fill gaps with bidirectional attention, a causal model answers "
        "reversed questions.",
        source=LV_2023,
        grade="S",
        grading="S: the authors' code; R: from 0 to about 70 %",
        setting="Llama-2-7B, adapters, names and descriptions.",
        testable=SOLVED,
        experiments=board_runs("bico", task="reversal"),
        judge=judge_run(
            "bico",
            known("S"),
            differs=[
                "published for a pretrained model; causal and denoising examples alternate by batch"
            ],
        ),
    ),
)

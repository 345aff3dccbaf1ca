"""The paper's experiments: chains with and without the middle step, reversal in context."""

from __future__ import annotations

from retrodict.claims import Check
from retrodict.figures.paper._figures_1_to_4 import FIG3
from retrodict.figures.paper._in_context_reversal import experiments
from retrodict.literature._judging import SOLVED, board_runs, judge_run, known, unknown
from retrodict.papers import ZHU_2024

CHECKS = (
    Check(
        name="chain-without-middle",
        title="chain, the middle step not written: A ⇝ C is not solved",
        words="A model that learned A → B and B → C, and A ⇝ C for other triples, does not get "
        "from A to C without writing B.",
        source=ZHU_2024,
        grade="S",
        grading="S: abstract and caption of figure 3 (NLL no better than a guess); R: as accuracy",
        setting="24 layers, width 768, V = 800, 200 triples of which 70 % have their leap taught.",
        testable="over ten learners, accuracy at least 0.99 on taught sentences and at most 0.05 "
        "on A ⇝ C of validation triples; contradicted by 0.5 or more on the latter",
        experiments=FIG3.experiments,
        judge=judge_run(
            "chain",
            unknown("S", "share of A ⇝ C of validation triples answered right"),
            differs=["smaller model, fewer epochs, another learning rate"],
        ),
    ),
    Check(
        name="chain-with-middle",
        title="chain, the middle step written: A ⇝ C is solved",
        words="A model that writes B first gets from A to C.",
        source=ZHU_2024,
        grade="S",
        grading="S: abstract (why chain of thought is needed); R: as accuracy",
        setting="No experiment of its own is known to us.",
        testable=SOLVED + ", the whole of B → C counting as the answer",
        experiments=board_runs("middle_step", task="chain"),
        judge=judge_run("middle_step", known("S")),
    ),
    Check(
        name="in-context-reversal",
        title="a fact in the prompt is reversed: no reversal curse in context",
        words="With the fact x → y in the prompt a model completes y ← x, for facts it never saw.",
        source=ZHU_2024,
        grade="N",
        grading="N: notes on its appendix",
        setting="Sentences x → y ⇔ y ← x, 10 y a x, 7 of them trained; loss on the whole sentence.",
        testable="over ten learners, accuracy at least 0.95 on the last token of held-out "
        "sentences; contradicted by 0.05 or less",
        experiments=experiments,
        judge=judge_run(
            "in-context",
            known("N", "share of held-out facts in the prompt that are reversed"),
            differs=["smaller model and vocabulary, fewer epochs"],
        ),
    ),
)

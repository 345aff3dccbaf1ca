"""Retrieval both ways: plain training, reversed sentences, masked prediction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from retrodict.claims import Check, Evidence, at_least, at_most
from retrodict.figures.paper._figures_1_to_4 import FIG1
from retrodict.literature._judging import (
    HELD_OUT,
    SOLVED,
    board_runs,
    held_out_accuracy,
    judge_run,
    judged,
    known,
    unknown,
)
from retrodict.measures import median_censored, over_learners, solved_at
from retrodict.papers import KITOUNI_2024
from retrodict.runs import Run

_FIXED = ("mlm_15", "mlm_40", "mlm_85")


def judge_rates(runs: Mapping[str, Run]) -> Evidence:
    """Judge held-out accuracy at every masking rate, and when the uniform one reaches it."""
    uniform = runs["mlm_u"].trace
    first = median_censored(solved_at(uniform, "train_forward"))
    late = over_learners(np.array([median_censored(solved_at(uniform)) - first]))
    right = {name: held_out_accuracy(runs[name].trace) for name in _FIXED}
    parts = [
        *(at_most("fixed", f"{name}: {HELD_OUT}", "S", right[name], 0.5, 0.9) for name in _FIXED),
        known("S", f"mlm_u: {HELD_OUT}")(uniform),
        at_least("late", "epochs from taught to held-out, median", "R", late, 1.0),
    ]
    differs = (
        "published: 21/22, 17/16, 27/28 % and 100/100 on names of several tokens of their own; "
        "there the model is an encoder-decoder"
    )
    return judged(runs["mlm_u"], parts, [differs])


CHECKS = (
    Check(
        name="plain-retrieval",
        title="plain next-token training: 100 in the trained direction, 0 in the other",
        words="A decoder trained by next-token prediction retrieves a fact exactly in the "
        "direction it was trained on, and never in the other.",
        source=KITOUNI_2024,
        grade="S",
        grading="S: the paper's text (a submitted version): next-token training does not retrieve "
        "keys from values; exact match 100 forward, 0 backward in its Table 2 (biographies); N: "
        "the same for Table 1 (key-value pairs), whose cells we could not read",
        setting="Key-value pairs of several tokens each, with queries for value and key; GPT-2 "
        "trained from scratch on all pairs and a part of the queries; exact match on the other "
        "queries.",
        testable="over ten learners, accuracy at least 0.99 on taught questions and at most 0.05 "
        "on the unseen direction; contradicted by 0.5 or more on the latter",
        experiments=FIG1.experiments,
        judge=judge_run(
            "reversal",
            unknown("N", "share of questions in the unseen direction answered right"),
            differs=(
                "one task of A → B, B ← A sentences; theirs has facts and, apart from them, "
                "queries of both directions for a part of the facts",
                "single-token entities; theirs are sequences of tokens",
                "70 % of the pairs are taught in both directions",
            ),
        ),
    ),
    Check(
        name="reverse-marked",
        title="sentences also in reverse, entities whole, behind a marker: solved",
        words="Trained on every sentence and its reversal with entities kept whole and the "
        "reversal marked, a model answers in both directions.",
        source=KITOUNI_2024,
        grade="S",
        grading="S: 100/100 with delimiters, 54/53 without, for the task of three entities",
        setting="Three-entity relations; reversed sequences between delimiters.",
        testable=SOLVED,
        experiments=board_runs("reverse_marked", task="reversal-2"),
        judge=judge_run(
            "reverse_marked",
            known("N"),
            differs=(
                "published for a task of three entities with asymmetric relations; ours is "
                "retrieval",
                "the marker opens the reversed sentence and does not close it",
            ),
        ),
    ),
    Check(
        name="reverse-tokens",
        title="sentences reversed token by token: not solved for names of several tokens",
        words="Reversal token by token does not teach to write a name of several tokens forward.",
        source=KITOUNI_2024,
        grade="S",
        grading="S: 100/0 on retrieval",
        setting="Key-value retrieval, entities of several tokens.",
        testable="accuracy at most 0.05 on held-out questions, names of two tokens",
        experiments=board_runs("reverse_tokens", task="reversal-2"),
        judge=judge_run(
            "reverse_tokens",
            unknown("S"),
            differs=[
                "names of two tokens that share tokens, where the source's are longer and their own"
            ],
        ),
        known="a quarter is answered: our names share tokens, so that what follows a token is "
        "partly known from other names; the source's names have tokens of their own",
    ),
    Check(
        name="masking-rates",
        title="masked prediction: fixed rates fail, the uniform rate solves, late",
        words="Masking 15, 40 or 85 % of the tokens does not break the curse; a rate drawn "
        "uniformly does, after the taught direction is known.",
        source=KITOUNI_2024,
        grade="S",
        grading="S: 21/22, 17/16, 27/28 and 100/100 on retrieval; R: late",
        setting="Key-value retrieval, entities of several tokens; encoder-decoder.",
        testable="names of two tokens: accuracy at most 0.5 at every fixed rate, at least 0.95 at "
        "the uniform one, and that later than on taught questions",
        experiments=board_runs(*_FIXED, "mlm_u", task="reversal-2"),
        judge=judge_rates,
        known="the uniform rate is still improving at the end, and no better than the fixed ones. "
        "Training hides the same tokens as a question about a name of k tokens, the whole answer "
        "and nothing else, with probability 0.6·0.24^k at 40 % and k!(k+1)!/(2k+2)! at the uniform "
        "rate: 0.035 and 0.017 for k = 2. So nothing in this task makes 40 % worse",
    ),
)

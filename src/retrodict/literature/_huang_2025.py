"""Out-of-context reasoning in one layer: a factorised matrix infers, a merged one does not.

Every subject has a fact (s, r1) → b_i; training subjects also have its implication (s, r2) → c_i.
The question is the implication of a test subject. A prompt's input is e_s + e_r.
"""

from __future__ import annotations

import functools

import numpy as np

from retrodict.claims import Check, Effort, Evidence, alone, at_least, at_most
from retrodict.measures import over_learners
from retrodict.papers import HUANG_2025
from retrodict.theory._separating_flow import (
    FACTORISED,
    LOSS,
    Fact,
    Facts,
    Start,
    learn,
    loss_and_pull,
    margins,
)

CLASSES = 5
FULL = ((1, 1), (1, 4), (4, 1), (1, 9), (2, 8), (5, 5), (8, 2), (10, 10))
FAST = ((1, 1), (1, 4), (4, 1))
_ZERO, _SMALL = 1e-9, 0.01
_DIFFERS = (
    "margins are those at a loss of 1e-10, not of the limit",
    "softmax over the ten answers, not over all tokens",
)


def facts(m_train: int, m_test: int) -> tuple[Facts, Facts]:
    """Return the taught facts, and the implications that are asked, of 5 classes.

    >>> taught, asked = facts(2, 1)
    >>> len(taught.answers), len(asked.answers), taught.inputs.shape[1], taught.outputs
    (25, 5, 17, 10)
    """
    of_class = m_train + m_test
    subjects = CLASSES * of_class
    taught: list[Fact] = []
    asked: list[Fact] = []
    for subject in range(subjects):
        kind, within = divmod(subject, of_class)
        taught.append(((subject, subjects), kind))
        implication = ((subject, subjects + 1), CLASSES + kind)
        (taught if within < m_train else asked).append(implication)
    sizes = (subjects + 2, 2 * CLASSES)
    return Facts.of(*sizes, taught), Facts.of(*sizes, asked)


def check_factorised(effort: Effort, start: Start = FACTORISED) -> Evidence:
    """Compare the ratio of test to training margins with m_train/m."""
    seeds, sizes = range(effort.pick(10, 3)), effort.pick(FULL, FAST)

    def read(size: tuple[int, int], seed: int) -> tuple[float, float, float]:
        taught, asked = facts(*size)
        weights = learn(taught, seed, start)
        test = margins(weights, asked).min()
        loss, _ = loss_and_pull(taught.inputs @ weights.T, taught.answers)
        return test / margins(weights, taught).min(), test, loss

    found = [[read(size, seed) for seed in seeds] for size in effort.each(sizes)]
    ratios, tests, losses = np.moveaxis(np.array(found), 2, 0)
    bounds = [m_train / (m_train + m_test) for m_train, m_test in sizes]
    spare = ratios - np.reshape(bounds, (-1, 1))
    tightest, lowest = (int(values.mean(axis=1).argmin()) for values in (spare, tests))
    ratio = (
        "least test margin / least training margin − m_train/(m_train + m_test), where it is "
        f"least: m_train, m_test = {sizes[tightest]}"
    )
    margin = f"least margin of a test subject (nats), where it is smallest: {sizes[lowest]}"
    end = "training loss at the end (nats), largest"
    return Evidence(
        [
            at_least("ratio", ratio, "N", over_learners(spare[tightest]), 0.0, 0.0),
            at_least("test", margin, "N", over_learners(tests[lowest]), 0.0, 0.0),
            at_most("loss", end, "R", alone(losses.max()), LOSS, LOSS),
        ],
        seeds=seeds,
        grid=f"{CLASSES} classes, m_train, m_test = {', '.join(map(str, sizes))}",
        differs=_DIFFERS,
        notes=[
            f"m_train, m_test = {size}: ratio {over_learners(over):.4f}, bound "
            f"{bound:.3f}, least test margin {over_learners(test):.3f}"
            for size, over, bound, test in zip(sizes, ratios, bounds, tests, strict=True)
        ],
    )


def check_merged(effort: Effort, factorised: bool = False) -> Evidence:
    """Check the margins of test subjects for W itself, from zero and from small random entries."""
    seeds, sizes = range(effort.pick(10, 3)), effort.pick(FULL, FAST)
    zero, small, train = [], [], []
    # factors at zero never move: a wrong model starts from a seed in their place
    still = Start(factorised, 0.01 if factorised else 0.0)
    for size in effort.each(sizes):
        taught, asked = facts(*size)
        weights = learn(taught, 0, still, rtol=1e-12)
        zero.append(float(np.abs(margins(weights, asked)).max()))
        train.append(float(margins(weights, taught).min()))
        drawn = (learn(taught, seed, Start(factorised)) for seed in seeds)
        small.append([margins(weights, asked).max() for weights in drawn])
    exact = "from zero: |margin| of a test subject (nats), largest"
    near = "from entries N(0, α²/width), α = 0.01: margin of a test subject (nats), largest"
    return Evidence(
        [
            at_most("zero", exact, "N", alone(max(zero)), _ZERO, _ZERO),
            at_most("small", near, "R", over_learners(np.max(small, axis=0)), _SMALL, _SMALL),
        ],
        seeds=seeds,
        grid=f"{CLASSES} classes, m_train, m_test = {', '.join(map(str, sizes))}",
        differs=_DIFFERS,
        notes=[f"least training margin: {min(train):.2f} to {max(train):.2f} nats"],
    )


_ONE_LAYER = functools.partial(
    Check,
    source=HUANG_2025,
    grade="N",
    grading="S: the abstract; N: notes on the paper give task, parametrisations and the bounds of "
    "its Theorem 2; R: classes, width, initialisation and that only answers are outputs",
    setting="One attention-only layer with fixed key-query matrix, output W_O W_Vᵀ factorised or "
    "merged; subjects with a fact b_i, some also with the implication c_i that goes with it; "
    "gradient flow on cross-entropy, compared with the max-margin solution it tends to.",
)

CHECKS = (
    _ONE_LAYER(
        name="out-of-context-factorised",
        title="one layer, W = A Bᵀ: implications of test subjects are inferred",
        words="With a factorised value-output matrix a one-layer model that knows facts of all "
        "subjects, and what they imply for some, infers what they imply for the others.",
        testable="test margin / training margin ≥ m_train/(m_train + m_test), and test margins > "
        "0, at a loss of 1e-10 from entries N(0, α²/width), α = 0.01, width 64",
        check=check_factorised,
    ),
    _ONE_LAYER(
        name="out-of-context-merged",
        title="one layer, W itself: implications of test subjects are not inferred",
        words="With output and value matrix merged into one, the same model on the same facts "
        "infers nothing of the test subjects: right and wrong implications stay tied.",
        testable="test margins: |margin| ≤ 1e-9 from zero, margin ≤ 0.01 from entries N(0, "
        "α²/width)",
        check=check_merged,
    ),
)

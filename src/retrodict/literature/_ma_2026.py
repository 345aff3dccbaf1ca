"""The identity bridge: which identity facts break the reversal curse.

Checked on the leaderboard's transformers and in one layer. There (a_i, r₊) → b_i is taught and
(b_i, r₋) → a_i is asked. The bridge, in the form the authors' code trains: (a_i, r₊, r₋) → a_i,
"the wife of A's husband is A", with the identity of b_i; their control that fails:
(a_i, name) → a_i with the same. A prompt's input is the sum of its tokens' one-hot vectors.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from math import nan
from typing import Any

import numpy as np
from jaxtyping import Float

from retrodict.claims import Check, Claim, Effort, Evidence, at_least, at_most, within
from retrodict.literature._judging import board_runs, judge_run, known, unknown
from retrodict.measures import Interval, held_out_values, over_learners
from retrodict.papers import MA_2026
from retrodict.theory._separating_flow import FACTORISED, Fact, Facts, Start, learn, margins
from retrodict.trace import Trace

RECIPES = ("forward", "identity", "bridge", "bridge of A alone")
_TIED = 0.01  # nats; taught margins are above 20
SIZES, SEEDS = ((5, 10, 20), (5,)), (10, 3)
"""Numbers of pairs, and of seeds, for the full and the fast check."""

Measured = Float[np.ndarray, "size seed"]


def facts(recipe: str, n: int) -> tuple[Facts, Facts]:
    """Return what a recipe teaches, and the reverse questions.

    Inputs are a_0 … b_0 … r₊ r₋ name, outputs a_0 … b_0 ….

    >>> [len(facts(recipe, 4)[0].answers) for recipe in RECIPES]
    [4, 12, 12, 8]
    """
    forward, backward, name = 2 * n, 2 * n + 1, 2 * n + 2
    taught: list[Fact] = []
    for a in range(n):
        b = n + a
        taught.append(((a, forward), b))
        if recipe == "identity":
            taught.append(((a, name), a))
        elif recipe != "forward":
            taught.append(((a, forward, backward), a))
        if recipe in ("identity", "bridge"):
            taught.append(((b, name), b))
    asked: list[Fact] = [((n + a, backward), a) for a in range(n)]
    return Facts.of(2 * n + 3, 2 * n, taught), Facts.of(2 * n + 3, 2 * n, asked)


def measure(recipe: str, effort: Effort, start: Start) -> dict[str, Measured]:
    """Measure reverse margins and answers of a recipe.

    Returns:
        least, most: margins over all entities; among_least, among_most: over the other a;
        right, echo: shares of questions answered right, and by their own b.
    """

    def read(n: int, seed: int) -> tuple[Any, ...]:
        taught, asked = facts(recipe, n)
        weights = learn(taught, seed, start)
        margin = margins(weights, asked)
        among = margins(weights, asked, np.arange(2 * n) < n)
        ends = (margin.min(), margin.max(), among.min(), among.max())
        echo = (asked.inputs @ weights.T).argmax(axis=1) == n + asked.answers
        return (*ends, np.mean(margin > 0), np.mean(echo))

    seeds = range(effort.pick(*SEEDS))
    found = [[read(n, seed) for seed in seeds] for n in effort.pick(*SIZES)]
    names = ("least", "most", "among_least", "among_most", "right", "echo")
    return dict(zip(names, np.moveaxis(np.array(found), 2, 0), strict=True))


def lowest(values: Measured) -> Interval:
    """Return the interval over seeds at the size with the lowest mean."""
    return over_learners(values[int(values.mean(axis=1).argmin())])


def highest(values: Measured) -> Interval:
    """Return the interval over seeds at the size with the highest mean."""
    return over_learners(values[int(values.mean(axis=1).argmax())])


def in_one_layer(parts: Sequence[Claim], effort: Effort, *notes: str) -> Evidence:
    """Combine parts and notes with sizes, seeds and differences."""
    sizes = ", ".join(map(str, effort.pick(*SIZES)))
    return Evidence(
        parts,
        seeds=range(effort.pick(*SEEDS)),
        grid=f"n = {sizes} pairs, width {FACTORISED.width}, α = {FACTORISED.alpha}, loss 1e-10",
        differs=(
            "in one layer; the source's sentences, failing and working, are for a tuned 1B model",
            "no up-weighting of the forward fact (the source weights it 6 times)",
        ),
        notes=notes,
    )


def check_bridge(effort: Effort, recipe: str = "bridge") -> Evidence:
    """Check reverse margins without the bridge, with it, and with it in a merged matrix."""
    merged = Start(factorised=False, alpha=0.0)
    cells = [("forward", FACTORISED), (recipe, FACTORISED), (recipe, merged)]
    forward, bridge, whole = (measure(what, effort, how) for what, how in effort.each(cells))
    furthest = np.maximum(np.abs(forward["among_least"]), np.abs(forward["among_most"]))
    said = "with the bridge: margin of a reverse answer over all entities (nats), least"
    share = "with the bridge: share of reverse questions answered right"
    tied = "without: margin of a reverse answer over the other a (nats), furthest from 0"
    parts = [
        at_least("bridge", said, "R", lowest(bridge["least"]), 1.0, 0.0),
        at_least("right", share, "R", lowest(bridge["right"]), 0.99, 0.5),
        within("forward", tied, "N", highest(furthest), _TIED),
    ]
    return in_one_layer(
        parts,
        effort,
        f"with the bridge and W merged, from zero: least margin {lowest(whole['least']):.3g} nats",
        f"largest margin with the bridge: {highest(bridge['most']):.2f} nats",
    )


def check_identity(effort: Effort, recipe: str = "identity") -> Evidence:
    """Check whether plain identity facts lead to right answers or echoes; also the bridge of A."""
    recipes = (recipe, "bridge of A alone")
    plain, alone = (measure(one, effort, FACTORISED) for one in effort.each(recipes))
    said = "plain identity facts: share of reverse questions answered"
    parts = [
        at_most("right", f"{said} right", "R", highest(plain["right"]), 0.01, 0.5),
        at_least("echo", f"{said} by their own b", "S", lowest(plain["echo"]), 0.99),
    ]
    return in_one_layer(
        parts,
        effort,
        "among the a alone, where the echo does not compete, plain identity facts do suffice: "
        f"least margin {lowest(plain['among_least']):.2f} nats",
        f"over all entities: largest margin {highest(plain['most']):.2f} nats",
        "the bridge's sentence about a without the identity of b: share right "
        f"{highest(alone['right']):.3f}, least margin {lowest(alone['least']):.3f} nats",
    )


def echoes(trace: Trace) -> Claim:
    """Claim that at least half of a transformer's answers repeat the question's entity."""
    echo = over_learners(held_out_values(trace, "echo"))
    return at_least("echo", "share of answers that repeat the question", "S", echo, 0.5)


_ONE_LAYER = functools.partial(
    Check,
    source=MA_2026,
    grade="R",
    grading="S: abstract, and the README of the authors' code for the form of the sentences, their "
    "fine-tuned 1B model (about 50 % right with the bridge, 0 without or with plain identity) and "
    "the echo as a trap; N: that forward facts alone leave all a_i tied in one layer; R: the "
    "one-layer prompts of the bridge",
    setting="One attention-only layer with factorised value-output matrix on facts (a_i, r₊) → "
    "b_i, with and without identity facts; and a 1B language model fine-tuned on 100 pairs.",
)

CHECKS = (
    Check(
        name="identity-facts-alone",
        title="identity facts alone, no pair taught both ways: cursed, with echoes",
        words="If no fact is taught both ways, identity facts leave the curse; answers echo.",
        source=MA_2026,
        grade="S",
        grading="S: the authors' README; echoes named as the trap",
        setting="Llama-3.2-1B, fine-tuned on 100 pairs taught forward, and their identities.",
        testable="accuracy at most 0.05 on held-out questions, at least half of the answers echoes",
        experiments=board_runs("one_way_identity", task="reversal"),
        judge=judge_run(
            "one_way_identity",
            unknown("S"),
            echoes,
            differs=["published for a fine-tuned pretrained model of a billion parameters"],
        ),
    ),
    Check(
        name="identity-bridge-transformer",
        title="the identity bridge in a transformer, no pair taught both ways: about half",
        words="With bridge sentences over the relation and its inverse, a model that saw no "
        "reversed fact answers about half of the reversed questions.",
        source=MA_2026,
        grade="S",
        grading="S: about 50 % (40 % in the first version), near 100 % for names of one token",
        setting="Llama-3.2-1B, fine-tuned, weight decay 0.3, weights 6 : 1 : 1.",
        testable="accuracy at least 0.4 on held-out questions",
        experiments=board_runs("one_way_bridge", task="reversal"),
        judge=judge_run(
            "one_way_bridge",
            known("S", least=0.4, wrong=nan),
            differs=(
                "published: about 50 % for a pretrained model of a billion parameters with a "
                "tied head",
                "taught sentences occur once; in the source six times",
            ),
        ),
        known="from scratch every answer echoes the question, as the source says of identity facts "
        "alone, and so it does with its tied head and weight decay 0.3 (four learners); what is "
        "missing may be pretraining",
    ),
    _ONE_LAYER(
        name="identity-bridge",
        title="one layer: the identity bridge over relation and inverse breaks the reversal curse",
        words="Taught A's husband is B, a model does not know B's wife; taught also that the wife "
        "of A's husband is A (and B's own name), which says nothing new, it does.",
        testable="reverse margin 0 (within 0.01 nats) without the bridge, at least 1 nat with it, "
        "for every pair, at a loss of 1e-10",
        check=check_bridge,
    ),
    _ONE_LAYER(
        name="identity-alone",
        title="one layer: plain identity facts leave the reversal curse",
        words="Identity facts in plain form, the name of A is A, do not break the reversal curse.",
        testable="share of reverse questions answered right at most 0.01; the answers are echoes "
        "of the entity asked about (share at least 0.99)",
        check=check_identity,
    ),
)

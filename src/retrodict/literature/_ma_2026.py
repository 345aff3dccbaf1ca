"""Identity bridge in one layer (arXiv 2602.02470): which identity facts break the reversal curse.

Taught is (a_i, r₊) → b_i, asked (b_i, r₋) → a_i. The bridge, in the form the authors' code trains:
(a_i, r₊, r₋) → a_i, "the wife of A's husband is A", with the identity of b_i; their control that
fails: (a_i, name) → a_i with the same. A prompt's input is the sum of its tokens' one-hot vectors.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

from retrodict.claims._check import Effort
from retrodict.claims._claim import within
from retrodict.claims._published import Compared, Judged, Published, less, more
from retrodict.measures import Interval, over_learners
from retrodict.theory._separating_flow import Fact, Facts, Start, learn, margins

RECIPES = ("forward", "identity", "bridge", "bridge of A alone")
_TIED = 0.01  # nats; taught margins are above 20
_SOURCE = (
    "S: abstract, and the README of the authors' code for the form of the sentences, their "
    "fine-tuned 1B model (about 50 % right with the bridge, 0 without or with plain identity) and "
    "the echo as a trap; N: that forward facts alone leave all a_i tied in one layer; R: the "
    "one-layer prompts of the bridge"
)
_SETTING = (
    "One attention-only layer with factorised value-output matrix on facts (a_i, r₊) → b_i, with "
    "and without identity facts; and a 1B language model fine-tuned on 100 pairs."
)
_DIFFERS = (
    "in one layer; their failing and working sentences are of a fine-tuned 1B model",
    "no up-weighting of the forward fact (6 times there)",
)


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


class Measured:
    """Reverse margins of one recipe: over seeds, in the size where they are worst."""

    def __init__(self, recipe: str, effort: Effort, start: Start) -> None:
        self.sizes, self.seeds = effort.pick((5, 10, 20), (5,)), range(effort.pick(10, 3))
        shape = (len(self.sizes), len(self.seeds))
        self.least, self.most, self.among_least, self.among_most, self.right, self.echo = (
            np.zeros(shape) for _ in range(6)
        )
        for i, n in enumerate(self.sizes):
            taught, asked = facts(recipe, n)
            answers = np.arange(2 * n) < n
            for s, seed in enumerate(self.seeds):
                weights = learn(taught, seed, start)
                margin, among = margins(weights, asked), margins(weights, asked, answers)
                said = (asked.inputs @ weights.T).argmax(axis=1)
                self.least[i, s], self.most[i, s] = margin.min(), margin.max()
                self.among_least[i, s], self.among_most[i, s] = among.min(), among.max()
                self.right[i, s] = float(np.mean(margin > 0))
                self.echo[i, s] = float(np.mean(said == n + asked.answers))

    def lowest(self, values: Float[np.ndarray, "size seed"]) -> Interval:
        """Over seeds, in the size where the mean is lowest."""
        return over_learners(values[int(values.mean(axis=1).argmin())])

    def highest(self, values: Float[np.ndarray, "size seed"]) -> Interval:
        """Over seeds, in the size where the mean is highest."""
        return over_learners(values[int(values.mean(axis=1).argmax())])


def check_bridge(effort: Effort, recipe: str = "bridge", start: Start | None = None) -> Judged:
    """Reverse margins without the bridge, with it, and with it in a merged matrix."""
    start = start or Start()
    found = {}
    for i, (label, what, how) in enumerate(
        (
            ("forward", "forward", start),
            ("bridge", recipe, start),
            ("merged", recipe, Start(factorised=False, alpha=0.0)),
        )
    ):
        found[label] = Measured(what, effort, how)
        effort.tick((i + 1) / 3)
    bridge, forward = found["bridge"], found["forward"]
    return Judged(
        [
            more(
                "bridge",
                "with the bridge: margin of a reverse answer over all entities (nats), least",
                "R",
                bridge.lowest(bridge.least),
                1.0,
                0.0,
            ),
            more(
                "right",
                "with the bridge: share of reverse questions answered right",
                "R",
                bridge.lowest(bridge.right),
                0.99,
                0.5,
            ),
            Compared(
                within(
                    "forward",
                    "without: margin of a reverse answer over the other a (nats), furthest from 0",
                    "N",
                    forward.highest(
                        np.maximum(np.abs(forward.among_least), np.abs(forward.among_most))
                    ),
                    _TIED,
                )
            ),
        ],
        seeds=bridge.seeds,
        grid=f"n = {', '.join(map(str, bridge.sizes))} pairs, width {start.width}, α = "
        f"{start.alpha}, loss 1e-10",
        differs=_DIFFERS,
        notes=[
            "with the bridge and W merged, from zero: least margin "
            f"{found['merged'].lowest(found['merged'].least):.3g} nats",
            f"largest margin with the bridge: {bridge.highest(bridge.most):.2f} nats",
        ],
    )


def check_identity(effort: Effort, recipe: str = "identity", start: Start | None = None) -> Judged:
    """Reverse answers with plain identity facts: right or an echo; and the bridge of A alone."""
    plain = Measured(recipe, effort, start or Start())
    effort.tick(0.5)
    alone = Measured("bridge of A alone", effort, start or Start())
    effort.tick(1.0)
    return Judged(
        [
            less(
                "right",
                "plain identity facts: share of reverse questions answered right",
                "R",
                plain.highest(plain.right),
                0.01,
                0.5,
            ),
            more(
                "echo",
                "plain identity facts: share of reverse questions answered by their own b",
                "S",
                plain.lowest(plain.echo),
                0.99,
            ),
        ],
        seeds=plain.seeds,
        grid=f"n = {', '.join(map(str, plain.sizes))} pairs, width 64, α = 0.01, loss 1e-10",
        differs=_DIFFERS,
        notes=[
            "among the a alone, where the echo does not compete, plain identity facts do suffice: "
            f"least margin {plain.lowest(plain.among_least):.2f} nats",
            f"over all entities: largest margin {plain.highest(plain.most):.2f} nats",
            "the bridge's sentence about a without the identity of b: share right "
            f"{alone.highest(alone.right):.3f}, least margin {alone.lowest(alone.least):.3f} nats",
        ],
    )


IDENTITY_BRIDGE = Published(
    name="identity-bridge",
    title="one layer: the identity bridge over relation and inverse breaks the reversal curse",
    words="Taught A's husband is B, a model does not know B's wife; taught also that the wife of "
    "A's husband is A (and B's own name), which says nothing new, it does.",
    authors="Ma, Huang, Zhu, Sojoudi",
    year=2026,
    arxiv="2602.02470",
    grade="R",
    source=_SOURCE,
    setting=_SETTING,
    testable="reverse margin 0 (within 0.01 nats) without the bridge, at least 1 nat with it, for "
    "every pair, at a loss of 1e-10",
    check=check_bridge,
)

IDENTITY_ALONE = Published(
    name="identity-alone",
    title="one layer: plain identity facts leave the reversal curse",
    words="Identity facts in plain form, the name of A is A, do not break the reversal curse.",
    authors="Ma, Huang, Zhu, Sojoudi",
    year=2026,
    arxiv="2602.02470",
    grade="R",
    source=_SOURCE,
    setting=_SETTING,
    testable="share of reverse questions answered right at most 0.01; the answers are echoes of "
    "the entity asked about (share at least 0.99)",
    check=check_identity,
)

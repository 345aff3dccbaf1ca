"""Ours: with a symmetric value-output matrix, one layer learns A after B without being taught."""

from __future__ import annotations

import numpy as np

from retrodict.claims import Check, Effort, Evidence, alone, at_least, at_most, within
from retrodict.claims._one_layer_trained import one_layer_experiment, train_watched
from retrodict.measures import over_learners
from retrodict.papers import OURS
from retrodict.trace import Trace


def check_symmetric(effort: Effort, value_output: str = "symmetric") -> Evidence:
    """Train both matrices; check p(A | B), and compare with the predicted flow."""
    from retrodict.theory import predict

    n, m = effort.pick((20, 100), (5, 20))
    epochs, learners, every = effort.pick((1000, 10, 100), (100, 2, 50))
    task = {"kind": "pairs", "n": n, "m": m, "backward": []}  # no pair is taught backward
    ends, error = [], 0.0
    for i, name in enumerate((value_output, "merged")):
        one = one_layer_experiment(task, 1.0, epochs, learners, every, name)

        def tick(share: float, i: int = i) -> None:
            effort.tick((i + share) / 2)

        ends.append(trace := train_watched(one, tick).trace)
        error = max(error, float(np.abs(trace.nll - predict(one, "steps").nll).max()))
    reverse, merged = (_probability(trace, "validation") for trace in ends)
    forward = [over_learners(_probability(trace, "train_forward")) for trace in ends]
    tied = over_learners(m * merged - 1)
    apart = "|trained − predicted NLL| of any step and group (nats), largest"
    return Evidence(
        [
            at_least("reverse", "symmetric: p(A | B)", "O", over_learners(reverse), 0.95, 0.5),
            within("merged", "merged: M p(A | B) − 1", "O", tied, 1e-9),
            at_most("theory", apart, "O", alone(error), 1e-10, 1e-10),
        ],
        seeds=one.training.seeds,
        grid=f"pairs, M = {m}, {epochs} passes of batch 1 at lr 1",
        notes=[f"symmetric: p(B | A) {forward[0]:.4f}; merged: {forward[1]:.4f}"],
    )


def _probability(trace: Trace, group: str) -> np.ndarray:
    return np.asarray(np.exp(-trace.nll.sel(group=group).isel(epoch=-1)))


CHECKS = (
    Check(
        name="symmetric-value-output",
        title="one layer, Y = (W + Wᵀ)/2: taught A → B alone, it knows A after B",
        words="Taught A → B alone, the one-layer transformer with a symmetric value-output matrix "
        "gives A after B nearly the probability it gives B after A; with a free matrix, 1/M.",
        source=OURS,
        grade="O",
        setting="The one-layer transformer of arXiv 2405.04669, batch-1 SGD from zero.",
        testable="p(A | B) at least 0.95 symmetric, M p(A | B) = 1 to 1e-9 merged; training is the "
        "prediction to 1e-10 nats at every step",
        check=check_symmetric,
    ),
)

"""`predict`: compute the Trace that training an Experiment would give."""

from __future__ import annotations

import numpy as np

from retrodict.errors import CannotFinish, choose
from retrodict.experiment import Experiment
from retrodict.host import own_settings
from retrodict.theory._learner import METHODS, Learner, require_theory
from retrodict.trace import Recording, Trace, require_memory_for


@own_settings()
def predict(experiment: Experiment, method: str = "auto") -> Trace:
    """Compute what training an experiment does, learner by learner, without training.

    The trace has the variables, dimensions and coordinates of `retrodict.train(experiment)`.

    Args:
        experiment: its model must be `bilinear` or `one_layer`, its optimiser `sgd`.
        method: `flow`, gradient flow for the time lr/(1 − momentum) per step; `steps`, every SGD
            step in training's order, exact up to rounding; `limit`, the closed form of orthonormal
            tokens (exact flow of the one-layer model, limit d → ∞ of the bilinear model); `auto`,
            `limit` if it is exact, else `flow`.

    Answers that tie exactly (the two targets of a row in the flow) count as wrong, while SGD's last
    step breaks the tie. In that case compare the NLL, not the accuracy.

    A bilinear learner has the same embeddings as in training up to d = 4096 (σ = 0: up to m d =
    6.7e7). Beyond, they are drawn from the same law, at a cost that does not depend on d.

    Raises:
        BadInput: an experiment without theory (the message says what has one), or one that does not
        fit into memory.
        CannotFinish: its numbers overflow.

    >>> experiment = Experiment(
    ...     task={"kind": "pairs", "n": 2, "m": 8},
    ...     model={"kind": "bilinear", "d": 10_000_000},
    ...     training={"epochs": 3000, "learners": 1},
    ... )
    >>> trace = predict(experiment)
    >>> [round(float(x), 2) for x in trace.nll.isel(learner=0, epoch=-1)]
    [0.01, 0.01, 2.08]
    """
    require_theory(experiment)
    choose([method], METHODS, "method: {!r} is not known")
    require_memory_for(experiment, experiment.corpus())
    seeds, corpora = experiment.training.seeds, experiment.corpora()
    recording = Recording(experiment, corpora, source="theory")
    epochs = sorted({*recording.epochs, *recording.snapshots})
    chosen = method
    for s, (seed, corpus) in enumerate(zip(seeds, corpora, strict=True)):
        with np.errstate(over="ignore", invalid="ignore"):  # what is not finite is refused below
            learner = Learner(experiment, seed, corpus)
            if method == "auto":
                chosen = "limit" if learner.limit_is_exact else "flow"
            for epoch, (logits, loss) in zip(epochs, learner.follow(chosen, epochs), strict=True):
                if epoch in recording.epochs:
                    recording.write(epoch, s, learner.curves(logits, loss))
                if epoch in recording.snapshots:
                    recording.write(epoch, s, learner.weights(logits))
    trace = recording.trace()
    if not np.isfinite(recording.arrays["nll"]).all():
        raise CannotFinish("theory: the numbers overflow; choose a smaller optimizer.lr or sigma")
    trace.curves.attrs["method"] = chosen
    return trace

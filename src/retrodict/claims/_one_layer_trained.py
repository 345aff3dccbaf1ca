"""Checks that train the one-layer model: lemma 2, theorems 3 and 4."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from retrodict.claims._assumptions import ONE_TARGET, RATES, ROUNDING, SGD_TIMES, ZERO
from retrodict.claims._check import Effort, Evidence
from retrodict.claims._claim import bounded, largest
from retrodict.experiment import Experiment
from retrodict.models import OneLayer
from retrodict.theory import logit_gap, miss_bounds, sgd_gaps

LEARNING_RATE = 0.5


def one_layer_experiment(task: str, effort: Effort, lr: float) -> Experiment:
    """Batch-1 SGD from zero on a small corpus, in float64."""
    epochs = effort.pick(400, 100)
    return Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": 40},
            "model": OneLayer(),
            "optimizer": {"kind": "sgd", "lr": lr},
            "training": {
                "epochs": epochs,
                "learners": effort.pick(10, 3),
                "batch_size": 1,
                "precision": "float64",
                "threads": 1,
            },
            "record": {"every": effort.pick(10, 5), "weights_at": []},
        }
    )


def _train_y(experiment: Experiment, effort: Effort) -> tuple[Any, np.ndarray]:
    """Train; return the trace and every learner's Y."""
    from retrodict.training import Hooks, train

    epochs = experiment.training.epochs
    outcome = train(
        experiment.placed(fewer=True), Hooks(progress=lambda epoch: effort.tick(epoch / epochs))
    )
    return outcome.trace, outcome.weights["value_output"].detach().numpy()


def _unmet(experiment: Experiment) -> list[str]:
    """Look which assumptions a training run does not meet."""
    unmet, model = [], experiment.model
    if not isinstance(model, OneLayer) or model.sigma or model.factors:
        unmet.append(ZERO)
    if experiment.training.batch_size != 1 or experiment.optimizer.kind != "sgd":
        unmet.append(RATES)
    for seed in experiment.training.seeds:
        tokens = experiment.corpus(seed).tokens
        if len(np.unique(tokens[:, 0])) < len(np.unique(tokens[:, [0, -1]], axis=0)):
            return [*unmet, ONE_TARGET]
    return unmet


def check_lemma_2(effort: Effort, lr: float = LEARNING_RATE) -> Evidence:
    """Compare every entry of trained Y with the recursion of one row, and with ln(Mηk)."""
    experiment = one_layer_experiment("reversal", effort, lr)
    _, y = _train_y(experiment, effort)
    m, visits = y.shape[-1], experiment.training.epochs
    log = np.log(m * LEARNING_RATE * visits)
    u = sgd_gaps(visits, LEARNING_RATE, m)[-1]
    exact, target, others, unread = [], [], [], []
    for s, seed in enumerate(experiment.training.seeds):
        tokens = experiment.corpus(seed).tokens
        rows, targets = tokens[:, 0], tokens[:, -1]
        place = np.zeros((len(rows), m), dtype=bool)
        place[np.arange(len(rows)), targets] = True
        expected = np.where(place, (1 - 1 / m) * u, -u / m)
        exact.append(np.abs(y[s, rows] - expected))
        target.append(np.abs(y[s, rows][place] - log))
        others.append(np.abs(y[s, rows][~place] + log / m))
        unread.append(np.abs(np.delete(y[s], rows, axis=0)))
    constant = np.log(2) + LEARNING_RATE
    late = SGD_TIMES[2 * np.log1p(SGD_TIMES * 10**6) <= SGD_TIMES]
    entries = "|entry − recursion of one row|, all entries of rows read"
    flow = [np.abs(logit_gap(late, size) - np.log(size * late)) for size in (2, 802, 10**6)]
    return Evidence(
        [
            bounded(entries, largest(*exact), 1e-9),
            bounded("|Y[x1, x3] − ln(Mηk)|, largest", largest(*target), constant + u / m),
            bounded("|Y[x1, j] + ln(Mηk)/M|, largest", largest(*others), constant / m),
            bounded("entries of rows never read, largest", largest(*unread), 0.0),
            bounded("|u − ln(Mτ)| of the flow, largest", largest(*flow), float(np.log(2))),
        ],
        seeds=experiment.training.seeds,
        grid=f"reversal, V = 40 (M = {m}), η = {LEARNING_RATE}, {visits} passes of batch 1; "
        "flow: M = 2, 802, 1e6, τ to 1e12",
        unmet=_unmet(experiment),
    )


def check_theorem_3(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the reversal task by batch-1 SGD; look at every trained and every held-out fact."""
    experiment = one_layer_experiment("reversal", effort, lr)
    trace, y = _train_y(experiment, effort)
    found, m = _facts(experiment, y)
    trained = np.concatenate([found[name] for name in found if name.startswith("train")])
    most = float(miss_bounds(LEARNING_RATE * experiment.training.epochs, m)[1])
    unseen = largest(np.exp(-trace.nll.sel(group=held_out).values) * m)
    missed, last = largest(1 - trained), found[held_out] * m
    guess, of_guess = 1 + ROUNDING, largest(np.abs(last - 1))
    return Evidence(
        [
            bounded("1 − p of a trained fact, largest, against theorem-3-bounds", missed, most),
            bounded("M p of a held-out fact at the end", largest(last), guess),
            bounded("M p of the held-out facts at any epoch (geometric mean)", unseen, guess),
            bounded("|M p − 1| of held-out facts, whose row is never read", of_guess, ROUNDING),
        ],
        seeds=experiment.training.seeds,
        grid=f"reversal, V = 40 (M = {m}), η = {LEARNING_RATE}, {experiment.training.epochs} "
        "passes of batch 1",
        unmet=_unmet(experiment),
        notes=[f"largest 1 − p of a trained fact: {missed:.2e}"],
    )


def check_theorem_4(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the chain task by batch-1 SGD; look at validation and at training triples."""
    experiment = one_layer_experiment("chain", effort, lr)
    _, y = _train_y(experiment, effort)
    found, m = _facts(experiment, y)
    most = float(miss_bounds(LEARNING_RATE * experiment.training.epochs, m)[1])
    steps = np.concatenate([found["train_seen_a_to_b"], found["train_seen_b_to_c"]])
    both = np.concatenate([found["train_a_to_b"], found["train_a_to_c"]])
    half = "|p − 1/2| of B and of C after A of training triples, largest"
    taught = "1 − p(B|A,→) and 1 − p(C|B,→) of validation triples, largest"
    return Evidence(
        [
            bounded(taught, largest(1 - steps), most),
            bounded("M p(C|A,⇝) of validation triples", largest(found[held_out]) * m, 1 + ROUNDING),
            bounded(half, largest(np.abs(both - 0.5)), LEARNING_RATE / 4 + most),
        ],
        seeds=experiment.training.seeds,
        grid=f"chain, V = 40 (M = {m}), η = {LEARNING_RATE}, {experiment.training.epochs} "
        "passes of batch 1",
        unmet=[text for text in _unmet(experiment) if text in (ZERO, RATES)],
        notes=[
            f"spread of p over the two targets of a row: {both.std():.3f}, in shuffled passes, "
            "which alternate between them; drawn with replacement it would be near √η/4 = "
            f"{math.sqrt(LEARNING_RATE) / 4:.3f}"
        ],
    )


def _facts(experiment: Experiment, y: np.ndarray) -> tuple[dict[str, np.ndarray], int]:
    """Return each group's probabilities of the right answer, all learners together, and M."""
    from scipy.special import softmax

    p = softmax(y, axis=-1)
    found: dict[str, np.ndarray] = {}
    for s, seed in enumerate(experiment.training.seeds):
        for group in experiment.corpus(seed).groups:
            facts = p[s, group.tokens[:, 0], group.answers[:, 0]]
            found[group.name] = np.append(found.get(group.name, []), facts)
    return found, p.shape[-1]

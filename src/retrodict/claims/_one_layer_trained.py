"""Statements about the trained one-layer transformer: lemma 2, theorems 3 and 4."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import softmax

from retrodict.claims._check import Check, Effort, Evidence
from retrodict.claims._claim import bounded, largest
from retrodict.experiment import Experiment
from retrodict.theory import logit_gap, miss_bounds, sgd_gaps
from retrodict.trace import Trace

if TYPE_CHECKING:
    from retrodict.training import Outcome

ROUNDING = 1e-12  # relative, of a float64 softmax over a few hundred tokens
ZERO = "Y and Z start at zero"
RATES = "batch-1 SGD, η_Y ≫ η_Z (Z's gradient is exactly 0, so its rate does not matter)"
ONE_TARGET = "every row has one target"
LEARNING_RATE = 0.5
_TIMES = np.logspace(0, 12, 97)


def one_layer_experiment(
    task: Mapping[str, Any],
    lr: float,
    epochs: int,
    learners: int,
    every: int,
    value_output: str = "merged",
) -> Experiment:
    """Return an experiment of batch-1 SGD from zero, in float64."""
    return Experiment.model_validate(
        {
            "task": task,
            "model": {"kind": "one_layer", "value_output": value_output},
            "optimizer": {"kind": "sgd", "lr": lr},
            "training": {
                "epochs": epochs,
                "learners": learners,
                "batch_size": 1,
                "precision": "float64",
                "threads": 1,
            },
            "record": {"every": every, "weights_at": []},
        }
    )


def train_watched(experiment: Experiment, tick: Callable[[float], None]) -> Outcome:
    """Train an experiment; call `tick` with the share that is done."""
    from retrodict.training import Hooks, train

    epochs = experiment.training.epochs
    hooks = Hooks(progress=lambda epoch: tick(epoch / epochs))
    return train(experiment.placed(fewer=True), hooks)


def _train(task: str, effort: Effort, lr: float) -> tuple[Experiment, Trace, np.ndarray]:
    """Train on a small corpus; return the experiment, the trace and every learner's Y."""
    sizes = effort.pick((400, 10, 10), (100, 3, 5))
    experiment = one_layer_experiment({"kind": task, "vocab_size": 40}, lr, *sizes)
    outcome = train_watched(experiment, effort.tick)
    return experiment, outcome.trace, outcome.weights["value_output"].detach().numpy()


def _facts(experiment: Experiment, y: np.ndarray) -> tuple[dict[str, np.ndarray], float]:
    """Return each group's probabilities of the right answer, over all learners, and a bound.

    The bound says by how much a trained probability may miss 1, by theorem-3-bounds.
    """
    p = softmax(y, axis=-1)
    found: dict[str, np.ndarray] = {}
    for s, seed in enumerate(experiment.training.seeds):
        for group in experiment.corpus(seed).groups:
            facts = p[s, group.tokens[:, 0], group.answers[:, 0]]
            found[group.name] = np.append(found.get(group.name, []), facts)
    return found, float(miss_bounds(LEARNING_RATE * experiment.training.epochs, p.shape[-1])[1])


def _grid(experiment: Experiment, y: np.ndarray) -> str:
    return (
        f"{experiment.task.kind}, V = 40 (M = {y.shape[-1]}), η = {LEARNING_RATE}, "
        f"{experiment.training.epochs} passes of batch 1"
    )


def check_lemma_2(effort: Effort, lr: float = LEARNING_RATE) -> Evidence:
    """Compare every entry of trained Y with the recursion of one row, and with ln(Mηk)."""
    experiment, _, y = _train("reversal", effort, lr)
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
    late = _TIMES[2 * np.log1p(_TIMES * 10**6) <= _TIMES]
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
        grid=f"{_grid(experiment, y)}; flow: M = 2, 802, 1e6, τ to 1e12",
    )


def check_theorem_3(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the reversal task by batch-1 SGD; check every trained and every held-out fact."""
    experiment, trace, y = _train("reversal", effort, lr)
    found, most = _facts(experiment, y)
    trained = np.concatenate([found[name] for name in found if name.startswith("train")])
    unseen = largest(np.exp(-trace.nll.sel(group=held_out).values) * y.shape[-1])
    missed, last = largest(1 - trained), found[held_out] * y.shape[-1]
    guess, of_guess = 1 + ROUNDING, largest(np.abs(last - 1))
    return Evidence(
        [
            bounded("1 − p of a trained fact, largest, against theorem-3-bounds", missed, most),
            bounded("M p of a held-out fact at the end", largest(last), guess),
            bounded("M p of the held-out facts at any epoch (geometric mean)", unseen, guess),
            bounded("|M p − 1| of held-out facts, whose row is never read", of_guess, ROUNDING),
        ],
        seeds=experiment.training.seeds,
        grid=_grid(experiment, y),
        notes=[f"largest 1 − p of a trained fact: {missed:.2e}"],
    )


def check_theorem_4(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the chain task by batch-1 SGD; check validation and training triples."""
    experiment, _, y = _train("chain", effort, lr)
    found, most = _facts(experiment, y)
    steps = np.concatenate([found["train_seen_a_to_b"], found["train_seen_b_to_c"]])
    both = np.concatenate([found["train_a_to_b"], found["train_a_to_c"]])
    leap = largest(found[held_out]) * y.shape[-1]
    half = "|p − 1/2| of B and of C after A of training triples, largest"
    taught = "1 − p(B|A,→) and 1 − p(C|B,→) of validation triples, largest"
    return Evidence(
        [
            bounded(taught, largest(1 - steps), most),
            bounded("M p(C|A,⇝) of validation triples", leap, 1 + ROUNDING),
            bounded(half, largest(np.abs(both - 0.5)), LEARNING_RATE / 4 + most),
        ],
        seeds=experiment.training.seeds,
        grid=_grid(experiment, y),
        notes=[
            f"spread of p over the two targets of a row: {both.std():.3f}, in shuffled passes, "
            "which alternate between them; drawn with replacement it would be near √η/4 = "
            f"{math.sqrt(LEARNING_RATE) / 4:.3f}"
        ],
    )


CHECKS = (
    Check(
        name="lemma-2",
        title="Dynamics of Y(t)",
        words="The target's entry of a row grows like ln(M η t/N), the others of the row fall like "
        "1/M of that, and rows never seen as first token stay 0.",
        formula=r"Y_{x_1,x_3}(t) \simeq \ln\frac{M\eta t}{N},\quad Y_{x_1,j}(t) \simeq "
        r"-\frac{1}{M}\ln\frac{M\eta t}{N}",
        grade="R",
        check=check_lemma_2,
        assumptions=(ONE_TARGET, ZERO, RATES),
        testable="'Grows like' is read as: within a constant, from τ = 2 ln(1 + Mτ) on (before, "
        "the row is not learned and ln(Mτ) may even be negative). The constant is ln 2 for the "
        "flow and ln 2 + η for SGD (docs/theory.md); the target's entry is (1 − 1/M) u.",
    ),
    Check(
        name="theorem-3",
        title="Reversal curse",
        words="Trained directions become certain; the untrained direction of a pair never gets "
        "more than the probability 1/M of a blind guess.",
        formula=r"p(x_3\mid x_1,x_2)\to1,\qquad p(x_1\mid x_3,x_2')\le 1/M",
        grade="N",
        check=check_theorem_3,
        assumptions=(ONE_TARGET, ZERO, RATES),
        testable="'→ 1' is read as the explicit bound of theorem-3-bounds at the end of training "
        "(SGD is ahead of the flow, by sgd-sandwich).",
    ),
    Check(
        name="theorem-4",
        title="Importance of chain of thought",
        words="After training on A → B and B → C both steps are certain, and the leap A ⇝ C has "
        "at most the probability of a blind guess: without writing B the model cannot get to C.",
        formula=r"p(B\mid A,\to)\to1,\ p(C\mid B,\to)\to1,\ p(C\mid A,\leadsto)\le1/M",
        grade="N",
        check=check_theorem_4,
        assumptions=(ZERO, RATES),
        testable="Of validation triples, as theorem 3. Where A → B and A ⇝ C are both trained, "
        "the row of A has two targets and each ends near 1/2 (k-targets): shuffled passes visit "
        "them in turn, so the gap between them stays within one step, η, and p within η/4.",
    ),
)

"""Statements about the one-layer transformer: propositions 4.1, 4.2, lemma 1, theorems 3 and 4."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from retrodict.claims._check import Effort, Evidence, Statement, below, largest
from retrodict.experiment import Experiment
from retrodict.models import OneLayer
from retrodict.theory import logit_gap, miss_bounds, sgd_gaps

if TYPE_CHECKING:
    import torch

    from retrodict.models import Population

ROUNDING = 1e-12  # relative, of a float64 softmax over a few hundred tokens
Build = Callable[[OneLayer, int, Sequence[int]], "Population"]


ZERO = "Y and Z start at zero"
CONTEXT = "the query attends to the tokens before it, normalised to length 1"
RATES = "batch-1 SGD, η_Y ≫ η_Z (Z's gradient is exactly 0, so its rate does not matter)"
ONE_TARGET = "every row has one target"
SGD_TIMES = np.logspace(0, 12, 97)


def _build(model: OneLayer, vocab_size: int, seeds: Sequence[int]) -> Population:
    import torch

    return model.build(vocab_size, 2, seeds, dtype=torch.float64)


def _probabilities(population: Population, tokens: torch.Tensor) -> np.ndarray:
    import torch

    with torch.no_grad():
        found: np.ndarray = population(tokens, tokens.shape[2] - 1)[:, :, 0].softmax(-1).numpy()
    return found


def _randomised(build: Build, vocab_size: int, seeds: Sequence[int]) -> tuple[Any, torch.Tensor]:
    """A population with random Y and Z, and every prompt (x1, x2) as tokens."""
    import torch

    population: Any = build(OneLayer(sigma=1.0), vocab_size, seeds)
    generator = torch.Generator().manual_seed(seeds[0])
    with torch.no_grad():
        population.attention.normal_(generator=generator)
    tokens = torch.cartesian_prod(torch.arange(vocab_size), torch.arange(vocab_size))
    return population, tokens.expand(len(seeds), -1, -1)


def check_proposition_41(effort: Effort, build: Build = _build) -> Evidence:
    """Every probability after every kind of prompt, at the start."""
    import torch

    sizes, worst = effort.pick((10, 82, 802), (10, 82)), 0.0
    for m in sizes:
        population = build(OneLayer(), m, [0, 1])
        for length in (1, 2, 4):
            tokens = torch.randint(m, (2, 50, length), generator=torch.Generator().manual_seed(0))
            worst = largest(worst, np.abs(_probabilities(population, tokens) * m - 1).max())
    return Evidence(
        [below("|M p − 1| over all tokens and prompts, largest", worst, ROUNDING)],
        seeds=(0, 1),
        grid=f"M = {sizes}, prompts of 1, 2 and 4 tokens",
    )


def check_proposition_42(effort: Effort, build: Build = _build) -> Evidence:
    """p(· | x1, x2) against softmax(Y[x1, ·]) for random Y and Z and all pairs of tokens."""
    m, seeds = 20, range(effort.pick(10, 3))
    population, tokens = _randomised(build, m, seeds)
    found = _probabilities(population, tokens)
    y = population.value_output.detach()[:, tokens[0, :, 0]].softmax(-1).numpy()
    by_query = found.reshape(len(seeds), m, m, m)
    return Evidence(
        [
            below("|p − softmax(Y[x1])|, largest", float(np.abs(found - y).max()), ROUNDING),
            below("spread of p over the second token", float(np.ptp(by_query, axis=2).max()), 0.0),
        ],
        seeds=seeds,
        grid=f"M = {m}, all {m * m} prompts, Y and Z with N(0, 1) entries",
    )


def check_lemma_1(effort: Effort, build: Build = _build) -> Evidence:
    """Autograd's gradients of Y and Z for single sentences (x1, x2, x3), Y and Z random."""
    import torch
    from torch.nn import functional as F

    m, seeds = 12, range(effort.pick(40, 8))
    row, elsewhere, attention = 0.0, 0.0, 0.0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        x1, x2, x3 = (int(token) for token in rng.integers(0, m, 3))
        population, _ = _randomised(build, m, [seed])
        logits = population(torch.tensor([[[x1, x2]]]), 1)[0, 0]
        loss = F.cross_entropy(logits, torch.tensor([x3]))
        parameters = [population.value_output, population.attention]
        y, z = (g[0].numpy() for g in torch.autograd.grad(loss, parameters))
        p = population.value_output.detach()[0, x1].softmax(-1).numpy()
        expected = np.eye(m)[x3] - p  # minus the gradient: ΔY = η e_x1 (e_x3 − p)ᵀ
        row = largest(row, np.abs(-y[x1] - expected).max())
        elsewhere = largest(elsewhere, np.abs(np.delete(y, x1, axis=0)).max())
        attention = largest(attention, np.abs(z).max())
    return Evidence(
        [
            below("|ΔY[x1]/η − (e_x3 − p)|, largest", row, ROUNDING),
            below("gradient of any other row of Y, largest", elsewhere, 0.0),
            below("gradient of Z, largest", attention, 0.0),
        ],
        seeds=seeds,
        grid=f"M = {m}, one random sentence a seed, Y and Z with N(0, 1) entries",
    )


LEARNING_RATE = 0.5


def one_layer_experiment(
    task: str, effort: Effort, model: OneLayer | None = None, lr: float = LEARNING_RATE
) -> Experiment:
    """Batch-1 SGD from zero on a small corpus, in float64."""
    epochs = effort.pick(400, 100)
    return Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": 40},
            "model": model or OneLayer(),
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
    outcome = train(experiment, Hooks(progress=lambda epoch: effort.tick(epoch / epochs)))
    return outcome.trace, outcome.weights["value_output"].detach().numpy()


def _unmet(experiment: Experiment) -> list[str]:
    """Look which assumptions a training run does not meet."""
    unmet = []
    if experiment.model.sigma or experiment.model.factors:  # type: ignore[union-attr]
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
    experiment = one_layer_experiment("reversal", effort, lr=lr)
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
    flow = [np.abs(logit_gap(late, size) - np.log(size * late)) for size in (2, 802, 10**6)]
    return Evidence(
        [
            below(
                "|entry − recursion of one row|, all entries of rows read", largest(*exact), 1e-9
            ),
            below("|Y[x1, x3] − ln(Mηk)|, largest", largest(*target), constant + u / m),
            below("|Y[x1, j] + ln(Mηk)/M|, largest", largest(*others), constant / m),
            below("entries of rows never read, largest", largest(*unread), 0.0),
            below("|u − ln(Mτ)| of the flow, largest", largest(*flow), float(np.log(2))),
        ],
        seeds=experiment.training.seeds,
        grid=f"reversal, V = 40 (M = {m}), η = {LEARNING_RATE}, {visits} passes of batch 1; "
        "flow: M = 2, 802, 1e6, τ to 1e12",
        unmet=[text for text in _unmet(experiment) if text in (ZERO, RATES, ONE_TARGET)],
    )


def check_theorem_3(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the reversal task by batch-1 SGD; look at every trained and every held-out fact."""
    experiment = one_layer_experiment("reversal", effort, lr=lr)
    trace, y = _train_y(experiment, effort)
    found, m = _facts(experiment, y)
    trained = np.concatenate([found[name] for name in found if name.startswith("train")])
    _, most = miss_bounds(LEARNING_RATE * experiment.training.epochs, m)
    unseen = np.exp(-trace.nll.sel(group=held_out).values) * m
    return Evidence(
        [
            below(
                "1 − p of a trained fact, largest, against theorem-3-bounds",
                largest(1 - trained),
                float(most),
            ),
            below("M p of a held-out fact at the end", largest(found[held_out]) * m, 1 + ROUNDING),
            below(
                "M p of the held-out facts at any epoch (geometric mean)",
                largest(unseen),
                1 + ROUNDING,
            ),
            below(
                "|M p − 1| of held-out facts, whose row is never read",
                largest(np.abs(found[held_out] * m - 1)),
                ROUNDING,
            ),
        ],
        seeds=experiment.training.seeds,
        grid=f"reversal, V = 40 (M = {m}), η = {LEARNING_RATE}, {experiment.training.epochs} "
        "passes of batch 1",
        unmet=_unmet(experiment),
        notes=[f"largest 1 − p of a trained fact: {largest(1 - trained):.2e}"],
    )


def check_theorem_4(
    effort: Effort, lr: float = LEARNING_RATE, held_out: str = "validation"
) -> Evidence:
    """Train the chain task by batch-1 SGD; look at validation and at training triples."""
    experiment = one_layer_experiment("chain", effort, lr=lr)
    _, y = _train_y(experiment, effort)
    found, m = _facts(experiment, y)
    _, most = miss_bounds(LEARNING_RATE * experiment.training.epochs, m)
    steps = np.concatenate([found["train_seen_a_to_b"], found["train_seen_b_to_c"]])
    both = np.concatenate([found["train_a_to_b"], found["train_a_to_c"]])
    return Evidence(
        [
            below(
                "1 − p(B|A,→) and 1 − p(C|B,→) of validation triples, largest",
                largest(1 - steps),
                float(most),
            ),
            below("M p(C|A,⇝) of validation triples", largest(found[held_out]) * m, 1 + ROUNDING),
            below(
                "|p − 1/2| of B and of C after A of training triples, largest",
                largest(np.abs(both - 0.5)),
                LEARNING_RATE / 4 + float(most),
            ),
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


ONE_LAYER_STATEMENTS = (
    Statement(
        name="proposition-4.1",
        title="Initial probability under zero initialisation",
        words="Before training, every next token has probability 1/M.",
        formula=r"p(x_3\mid x_1,x_2)=1/M",
        grade="S",
        source="S (heading)",
        check=check_proposition_41,
        assumptions=(ZERO,),
    ),
    Statement(
        name="proposition-4.2",
        title="Next token probability",
        words="The prediction depends on the first token alone: the relation token is ignored, "
        "so the model cannot tell A → from A ⇝.",
        formula=r"p(\cdot\mid x_1,x_2)=\mathrm{softmax}(Y_{x_1,\cdot})",
        grade="R",
        source="S for the heading, R for the content",
        check=check_proposition_42,
        assumptions=(CONTEXT,),
    ),
    Statement(
        name="lemma-1",
        title="Gradient of Y and Z for the one-layer transformer",
        words="A sentence moves only its first token's row of Y, towards its answer; attention "
        "gets no gradient.",
        formula=r"\Delta Y=\eta_Y\,e_{x_1}(e_{x_3}-p)^\top,\quad \Delta Z=0",
        grade="S",
        source="S: it is Lemma 1 of Tian et al. 2023; R for its form here",
        check=check_lemma_1,
        assumptions=(CONTEXT,),
    ),
    Statement(
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
    Statement(
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
    Statement(
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

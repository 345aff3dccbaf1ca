"""How weight decay and identity sentences change u, R and v: under the flow and under AdamW.

    python examples/identity_flow.py --only time         # three seeds: about 30 seconds
    python examples/identity_flow.py --seeds 10          # all tables, about ten minutes

The setting is that of `identity_relational.py`: 60 pairs, 42 taught both ways, `B ← ?` asked of
the other 18. `time` follows the gradient flow (no optimiser) over λt, `decay` repeats it for other
λ, starts and sizes, and `alignment` looks at the weights.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import torch
from identity_relational import BACK, BASE, Learners, Setting, sentences

from retrodict.models import Relational
from retrodict.theory import RelationalFlow, nll

SAME = 2
Weights = tuple[np.ndarray, np.ndarray, np.ndarray]


def flow_of(setting: Setting, seed: int) -> RelationalFlow:
    """Return the flow of a learner; its λ is the setting's decay."""
    config = Relational(d=setting.d, sigma=setting.sigma, tied=setting.tied)
    u, r, *v = config.weights(setting.vocab_size, seed)
    data = sentences(setting, seed)
    x, y = np.concatenate(data).T
    relation = np.repeat(np.arange(3), [len(part) for part in data])
    return RelationalFlow([u, r[[0, 1, 7]], *v], x, relation, y, setting.decay)


def held_out(setting: Setting) -> tuple[np.ndarray, np.ndarray]:
    """Return A and B of the pairs taught one way."""
    a = 2 + np.arange(setting.taught, setting.pairs)
    return a, a + setting.pairs


def along(setting: Setting, seed: int, times: Iterable[float]) -> Iterator[tuple[float, float]]:
    """Yield (accuracy, NLL) of the held-out questions at each time."""
    flow, (a, b) = flow_of(setting, seed), held_out(setting)
    for _, z in flow.follow(list(times), flow.questions(b, np.full_like(b, BACK))):
        yield float((z.argmax(1) == a).mean()), float(nll(z)[np.arange(len(a)), a].mean())


def show(name: str, found: list[list[tuple[float, float]]]) -> None:
    """Print accuracy and NLL at each time, means over seeds."""
    cells = [f"{a:.2f} / {n:.2f}" for a, n in np.mean(found, axis=0)]
    print(f"| {name} |", " | ".join(cells), "|", flush=True)


def time_table(seeds: range) -> None:
    """Print the held-out accuracy and NLL of the flow over λt."""
    decay, ages = 3e-4, (0.1, 0.3, 1, 2, 3, 6, 10, 30)
    print(f"λ = {decay}; accuracy / NLL | " + " | ".join(f"λt = {age}" for age in ages))
    for who in ("all", "none"):
        setting = replace(BASE, who=who, decay=decay)
        times = [age / decay for age in ages]
        show(f"identity: {who}", [list(along(setting, seed, times)) for seed in seeds])
    still = replace(BASE, decay=0.0)
    show("all, λ = 0", [list(along(still, seed, times)) for seed in seeds])


def decay_table(seeds: range) -> None:
    """Print the same for other λ, starts and sizes."""
    ages = (1.0, 3.0, 6.0)
    print("identity for all; accuracy / NLL | " + " | ".join(f"λt = {age}" for age in ages))
    for decay in (1e-2, 3e-3, 1e-3, 1e-4, 1e-5):
        setting = replace(BASE, decay=decay)
        times = [age / decay for age in ages]
        show(f"λ = {decay:g}", [list(along(setting, seed, times)) for seed in seeds])
    for change in ({"sigma": 0.03}, {"sigma": 0.3}, {"d": 16}, {"d": 64}):
        setting = replace(BASE, decay=3e-4, **change)
        times = [age / 3e-4 for age in ages]
        name = ", ".join(f"{key} = {value}" for key, value in change.items())
        show(f"λ = 0.0003, {name}", [list(along(setting, seed, times)) for seed in seeds])
    times = [1e3, 1e5, 1e6]
    print("λ = 0 | " + " | ".join(f"t = {t:g}" for t in times))
    for sigma in (0.1, 0.03, 0.01, 0.003):
        setting = replace(BASE, decay=0.0, sigma=sigma)
        show(f"σ = {sigma}", [list(along(setting, seed, times)) for seed in seeds])


def cosine(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the cosine of two matrices, or of their rows one by one."""
    dot: np.ndarray = (one * other).sum(-1)
    return dot / np.linalg.norm(one, axis=-1) / np.linalg.norm(other, axis=-1)


def alike(setting: Setting, v: np.ndarray) -> float:
    """Correlate the cosines among the A with those among their B, pair by pair."""
    a = 2 + np.arange(setting.pairs)
    above = np.triu_indices(setting.pairs, 1)
    grams = []
    for ids in (a, a + setting.pairs):
        unit = v[ids] / np.linalg.norm(v[ids], axis=1, keepdims=True)
        grams.append((unit @ unit.T)[above])
    return float(np.corrcoef(*grams)[0, 1])


def alignment(setting: Setting, weights: Weights) -> list[float]:
    """Return the numbers of a row of the alignment table for one learner."""
    u, (to, back, same), v = weights
    v_mean_free = v - v.mean(0)
    a, b = held_out(setting)
    image = u if setting.tied else v_mean_free @ same.T  # where identity sentences put u
    transposed = to.T if setting.tied else same @ to.T @ same
    entities = slice(2, 2 + 2 * setting.pairs)
    both = 2 + np.arange(setting.taught)
    memory = u[both + setting.pairs].T @ v_mean_free[both]  # Σ u_B v_Aᵀ of pairs taught both ways

    def accuracy(rows: np.ndarray, matrix: np.ndarray) -> float:
        return float(((rows @ matrix @ v.T).argmax(1) == a).mean())

    return [
        float(cosine(u[entities], image[entities]).mean()),
        alike(setting, v_mean_free),
        float(cosine(back.ravel(), memory.ravel())) if setting.taught else float("nan"),
        float(cosine(back.ravel(), transposed.ravel())),
        accuracy(u[b], back),
        accuracy(u[b], transposed),
        accuracy(image[b], back),
    ]


def by_flow(setting: Setting, seeds: range) -> Iterator[Weights]:
    """Follow the flow to λt = 6 (at λ = 0 as long as at λ = 0.0003)."""
    for seed in seeds:
        flow = flow_of(setting, seed)
        for _, _, state in flow.follow_states([6 / (setting.decay or 3e-4)]):
            yield flow.weights(state)


def by_adamw(setting: Setting, seeds: range) -> Iterator[Weights]:
    """Train with AdamW."""
    learners = Learners(setting, list(seeds))
    learners.train()
    for parts in zip(learners.u, learners.r, learners.v, strict=True):
        u, r, v = (part.double().numpy() for part in parts)
        yield u, r, v


def alignment_table(seeds: range) -> None:
    """Print the table about the weights."""
    print(
        "| condition | cos(u, S v) | Gram A, B | cos(R_←, Σ u_B v_Aᵀ) | cos(R_←, S R_→ᵀ S)", end=""
    )
    print(" | accuracy | R_← := S R_→ᵀ S | u_B := S v_B |")
    print("|---" * 8 + "|")
    rows = [
        ("flow, all, λ = 0.0003", by_flow, replace(BASE, decay=3e-4)),
        ("flow, none, λ = 0.0003", by_flow, replace(BASE, decay=3e-4, who="none")),
        ("flow, all, λ = 0", by_flow, replace(BASE, decay=0.0)),
        ("AdamW, all, 1.0", by_adamw, BASE),
        ("AdamW, all, 0.1", by_adamw, replace(BASE, decay=0.1)),
        ("AdamW, all, 0", by_adamw, replace(BASE, decay=0.0)),
        ("AdamW, none, 1.0", by_adamw, replace(BASE, who="none")),
        ("AdamW, random, 1.0", by_adamw, replace(BASE, who="random")),
        ("AdamW, all but question's entity", by_adamw, replace(BASE, who="answers")),
        ("AdamW, all, 40 % both ways", by_adamw, replace(BASE, both=0.4)),
        ("AdamW, all, 20 % both ways", by_adamw, replace(BASE, both=0.2)),
        ("AdamW, all, no pair both ways", by_adamw, replace(BASE, both=0.0)),
        ("AdamW, tied, none, 1.0", by_adamw, replace(BASE, tied=True, who="none")),
        ("AdamW, tied, none, 0", by_adamw, replace(BASE, tied=True, who="none", decay=0.0)),
    ]
    for name, train, setting in rows:
        found = np.array([alignment(setting, weights) for weights in train(setting, seeds)])
        cells = ["" if np.isnan(x) else f"{x:.2f}" for x in found.mean(0)]
        print(f"| {name} |", " | ".join(cells), "|", flush=True)


TABLES = {"time": time_table, "decay": decay_table, "alignment": alignment_table}


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(TABLES))
    parser.add_argument("--seeds", type=int, default=3)
    args = parser.parse_args()
    torch.set_num_threads(1)
    for name, table in TABLES.items():
        if args.only in (None, name):
            table(range(args.seeds))


if __name__ == "__main__":
    main()

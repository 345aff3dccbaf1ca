"""Identity sentences and the smallest model: held-out reverse answers under every condition.

    python examples/identity_relational.py            # ten seeds a row, about ten minutes
    python examples/identity_relational.py --only decay --seeds 3 --steps 500

n pairs (A, B): a share is taught both ways, `A → B` and `B ← A`, the others only `A → B`, and
`B ← ?` is asked. Logits u_xᵀ R_r v_y, AdamW on all sentences at once. The gradients are written
out for speed, and compared with `retrodict.models.Relational` before anything is trained.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from retrodict.models import Relational

TO, BACK = 0, 1  # the relation tokens → and ←; `=` is the last token


@dataclass(frozen=True)
class Setting:
    """One row of the table."""

    who: str = "none"  # whose identity sentences: none, all, answers, questions, random
    pairs: int = 60
    both: float = 0.7  # share of pairs taught both ways
    d: int = 32
    decay: float = 1.0
    lr: float = 0.01
    steps: int = 3000
    tied: bool = False
    frozen: bool = False
    sigma: float = 0.1

    @property
    def vocab_size(self) -> int:
        """Entities and the three relation tokens."""
        return 2 * self.pairs + 3

    @property
    def taught(self) -> int:
        """How many pairs are taught both ways."""
        return round(self.both * self.pairs)


def sentences(setting: Setting, seed: int) -> list[np.ndarray]:
    """Return the sentences of →, ← and =, each an array (sentence, 2) of (entity, answer)."""
    n, k = setting.pairs, setting.taught
    a, b = 2 + np.arange(n), 2 + n + np.arange(n)
    everyone, questioned = np.r_[a, b], b[k:]
    who = {
        "none": [],
        "all": everyone,
        "random": everyone,
        "answers": np.setdiff1d(everyone, questioned),  # all but whom the questions start with
        "questions": questioned,
        "held-out pairs": np.r_[a[k:], b[k:]],
    }[setting.who]
    first = np.array(who, dtype=np.int64)
    last = first
    if setting.who == "random":
        last = np.random.default_rng([seed, 7]).permutation(first)
    pairs = [(a, b), (b[:k], a[:k]), (first, last)]
    return [np.stack(p, axis=1) for p in pairs]


class Learners:
    """Learners, one per seed, trained side by side; each is drawn as in the package."""

    def __init__(self, setting: Setting, seeds: list[int], dtype: torch.dtype = torch.float32):
        self.setting, self.seeds = setting, seeds
        config = Relational(d=setting.d, sigma=setting.sigma, tied=setting.tied)
        drawn = zip(*(config.weights(setting.vocab_size, seed) for seed in seeds), strict=True)
        u, r, *v = (torch.from_numpy(np.stack(part)).to(dtype) for part in drawn)
        r = r[:, [0, 1, 7]].clone()  # the matrices of →, ← and =
        self.u, self.r, self.v = u, r, v[0] if v else u
        data = [sentences(setting, seed) for seed in seeds]
        self.data = [torch.from_numpy(np.stack(part)) for part in zip(*data, strict=True)]
        self.count = sum(part.shape[1] for part in self.data)

    @property
    def trained(self) -> list[Tensor]:
        """Return what is trained."""
        if self.setting.frozen:
            return [self.r]
        return [self.u, self.r] if self.setting.tied else [self.u, self.r, self.v]

    def gradients(self) -> list[Tensor]:
        """Return the gradients of the mean cross-entropy, in the order of `trained`."""
        gu, gr, gv = (torch.zeros_like(part) for part in (self.u, self.r, self.v))
        for i, part in enumerate(self.data):
            x = part[:, :, :1].expand(-1, -1, self.setting.d)
            rows = self.u.gather(1, x)
            moved = rows @ self.r[:, i]
            error = torch.softmax(moved @ self.v.mT, -1)
            y = part[:, :, 1:]
            error.scatter_add_(-1, y, torch.full_like(y, -1, dtype=error.dtype))
            error /= self.count
            back = error @ self.v
            gr[:, i] = rows.mT @ back
            gv += error.mT @ moved
            gu.scatter_add_(1, x, back @ self.r[:, i].mT)
        if self.setting.frozen:
            return [gr]
        return [gu + gv, gr] if self.setting.tied else [gu, gr, gv]

    def train(self) -> None:
        """Take all steps."""
        setting = self.setting
        optimizer = torch.optim.AdamW(
            self.trained, lr=setting.lr, betas=(0.9, 0.98), weight_decay=setting.decay, fused=True
        )
        for _ in range(setting.steps):
            for parameter, gradient in zip(self.trained, self.gradients(), strict=True):
                parameter.grad = gradient
            optimizer.step()

    def answers(self, x: Tensor, relation: int) -> Tensor:
        """Return the logits after (x, relation), shape (learner, question, token)."""
        return self.u[:, x] @ self.r[:, relation] @ self.v.mT

    def measure(self) -> dict[str, Tensor]:
        """Ask every held-out question of every learner: shares, and nats.

        `among`: right where only the A of held-out pairs may be chosen; `familiar`: the answer is
        one that a trained `B ←` has; `echo`: it is the question's entity.
        """
        setting = self.setting
        asked = torch.arange(setting.taught, setting.pairs)
        a, b = 2 + asked, 2 + setting.pairs + asked
        logits = self.answers(b, BACK)
        chosen = logits.argmax(-1)
        truth = a.expand(len(self.seeds), -1)
        fresh = slice(2 + setting.taught, 2 + setting.pairs)
        familiar = (chosen >= 2) & (chosen < 2 + setting.taught)
        nll = -logits.log_softmax(-1).gather(-1, truth.unsqueeze(-1)).squeeze(-1)
        right = [
            (self.u.gather(1, p[:, :, :1].expand(-1, -1, setting.d)) @ self.r[:, i] @ self.v.mT)
            .argmax(-1)
            .eq(p[:, :, 1])
            for i, p in enumerate(self.data)
        ]
        return {
            "accuracy": (chosen == truth).float().mean(-1),
            "among": (logits[:, :, fresh].argmax(-1) + fresh.start == truth).float().mean(-1),
            "familiar": familiar.float().mean(-1),
            "echo": (chosen == b).float().mean(-1),
            "nll": nll.mean(-1),
            "trained": torch.cat(right, 1).float().mean(-1),
        }


def check_gradients() -> None:
    """Compare the gradients above with autograd's for the package's model."""
    for tied in (False, True):
        setting = Setting(who="all", pairs=6, d=5, tied=tied, both=0.5)
        learners = Learners(setting, [3, 8], torch.float64)
        config = Relational(d=5, tied=tied)
        population = config.build(setting.vocab_size, 2, [3, 8], dtype=torch.float64)
        tokens, targets = [], []
        for part, token in zip(learners.data, (TO, BACK, setting.vocab_size - 1), strict=True):
            relation = torch.full_like(part[:, :, :1], token)
            tokens.append(torch.cat([part[:, :, :1], relation], -1))
            targets.append(part[:, :, 1])
        logits = population(torch.cat(tokens, 1), 1)[:, :, 0]
        loss = F.cross_entropy(logits.mT, torch.cat(targets, 1), reduction="none").mean(1).sum()
        population.backward(loss)
        wanted = {
            name: population.flat_grad[:, span].view(population.get_parameter(name).shape)
            for name, span in population.spans.items()
        }
        wanted["relation"] = wanted["relation"][:, [0, 1, 7]]
        names = ("token_embedding", "relation", "output")
        for name, found in zip(names, learners.gradients(), strict=False):
            torch.testing.assert_close(found, wanted[name], rtol=1e-9, atol=1e-12)


BASE = Setting(who="all")
ROWS: dict[str, list[tuple[str, Setting]]] = {
    "decay": [
        ("no identity sentences", replace(BASE, who="none")),
        ("no identity sentences, decay 0", replace(BASE, who="none", decay=0.0)),
        ("identity for all", BASE),
        ("… decay 0.1", replace(BASE, decay=0.1)),
        ("… decay 0.01", replace(BASE, decay=0.01)),
        ("… decay 0", replace(BASE, decay=0.0)),
    ],
    "who": [
        ("all but the question's entity", replace(BASE, who="answers")),
        ("only the question's entity", replace(BASE, who="questions")),
        ("only the held-out pairs", replace(BASE, who="held-out pairs")),
        ("random partner, A = R", replace(BASE, who="random")),
    ],
    "size": [
        ("d = 16", replace(BASE, d=16)),
        ("d = 64", replace(BASE, d=64)),
        ("tied, identity for all", replace(BASE, tied=True)),
        ("tied, no identity sentences", replace(BASE, tied=True, who="none")),
        ("tied, none, decay 0", replace(BASE, tied=True, who="none", decay=0.0)),
        ("frozen u and v, d = 128, identity for all", replace(BASE, frozen=True, d=128)),
        ("frozen u and v, d = 128, none", replace(BASE, frozen=True, who="none", d=128)),
    ],
    "share": [
        ("20 % both ways", replace(BASE, both=0.2)),
        ("40 % both ways", replace(BASE, both=0.4)),
        ("85 % both ways", replace(BASE, both=0.85)),
    ],
    "number": [
        (f"{pairs} pairs, {taught} both ways", replace(BASE, pairs=pairs, both=taught / pairs))
        for pairs, taught in ((30, 21), (60, 21), (120, 21), (120, 84))
    ],
    "time": [
        (f"decay {decay}, {steps} steps", replace(BASE, decay=decay, steps=steps))
        for decay, steps in ((1.0, 300), (0.1, 3000), (0.01, 30000))
    ],
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", choices=sorted(ROWS))
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--steps", type=int, help="in place of each row's own")
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    check_gradients()
    print("| condition | held-out reverse | range | among held-out | familiar | echo", end="")
    print(" | NLL (nats) | trained sentences |")
    print("|---" * 8 + "|")
    for group, rows in ROWS.items():
        for title, setting in rows if args.only in (None, group) else []:
            steps = args.steps or setting.steps
            learners = Learners(replace(setting, steps=steps), list(range(args.seeds)))
            learners.train()
            m = learners.measure()
            accuracy = m["accuracy"]
            print(
                f"| {title} | {accuracy.mean():.2f} | {accuracy.min():.2f} to {accuracy.max():.2f}",
                *(f"{m[name].mean():.2f}" for name in ("among", "familiar", "echo", "nll")),
                f"{m['trained'].mean():.3f} |",
                sep=" | ",
                flush=True,
            )


if __name__ == "__main__":
    main()

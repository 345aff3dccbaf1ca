"""The likelihood bound of a masked diffusion model, of taught and of held-out sentences.

    python examples/diffusion_bound.py

A model that knows a fact in both directions gives its held-out sentence about the probability of
the taught one; what is left is the choice among the facts, ln(sentences) at best.
"""

from __future__ import annotations

import math

import numpy as np
import torch

from retrodict.experiment import Experiment
from retrodict.measures import likelihood_bound, over_learners
from retrodict.training import Trainer

EXPERIMENT = Experiment.from_text(
    """
recipe: diffusion
task: {kind: reversal, vocab_size: 100}
model: {n_layer: 2, n_head: 4, d_model: 64, dropout: 0.0}
optimizer: {lr: 0.002}
training: {epochs: 400, learners: 5}
record: {every: 400, weights_at: []}
"""
).placed()


def main() -> None:
    """Train, and print bounds (nats) over learners."""
    trainer = Trainer(EXPERIMENT)
    for epoch in range(1, EXPERIMENT.training.epochs + 1):
        trainer.train_epoch(epoch)
    corpora = trainer.recording.corpora
    print(f"ln({len(corpora[0].tokens)} sentences) = {math.log(len(corpora[0].tokens)):.2f}")
    for g, group in enumerate(corpora[0].groups):
        tokens = torch.from_numpy(np.stack([corpus.groups[g].tokens for corpus in corpora]))
        bounds = []
        for s, own in enumerate(tokens):

            def model(holes: np.ndarray, s: int = s) -> np.ndarray:
                everyone = torch.from_numpy(holes).expand(trainer.population.learners, -1, -1)
                with torch.no_grad():
                    return trainer.population(everyone)[s].double().log_softmax(-1).numpy()

            mask = corpora[s].vocab_size - 1
            bounds.append(likelihood_bound(model, own.numpy(), mask).mean())
        print(f"{group.name:16s} {over_learners(np.array(bounds)):.2f}")


if __name__ == "__main__":
    main()

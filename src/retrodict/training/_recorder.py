"""What is written down while a population trains: evaluations and effective weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from retrodict.experiment import Experiment
from retrodict.recording import Recording
from retrodict.tasks import Corpus

Forward = Callable[[Tensor, int], Tensor]
"""Some learners' logits of tokens, at the positions from some position on; learner axis first."""
Embed = Callable[[Tensor], Tensor]
"""Their token embeddings."""

_CHUNK = 1024  # questions evaluated at once; fixed, so that results do not depend on memory


class Recorder(Recording):
    """Evaluates a population at chosen epochs and collects the results into a Trace."""

    def __init__(
        self, experiment: Experiment, corpora: Sequence[Corpus], device: torch.device | str
    ) -> None:
        super().__init__(experiment, corpora, source="training")
        self._probes = _Probes(corpora, device)
        self._panels = [_PanelTokens(corpora, i, device) for i in range(len(corpora[0].panels))]

    def wants(self, epoch: int) -> bool:
        """Whether anything is recorded after this epoch."""
        return epoch in self.epochs or epoch in self.snapshots

    def measure(
        self, epoch: int, learners: slice, forward: Forward, embed: Embed
    ) -> dict[str, np.ndarray]:
        """Evaluate some learners after `epoch` passes: everything that is recorded then.

        Args:
            epoch: passes over the training sentences so far.
            learners: which.
            forward: their logits at the positions from some position on; learner axis first.
            embed: their token embeddings.

        Returns:
            Values by the names of `arrays`, with a leading learner axis.
        """
        found: dict[str, np.ndarray] = {}
        if epoch in self.epochs:
            found |= evaluate(forward, self._probes, learners)
        if epoch in self.snapshots:
            for panel in self._panels:
                for name, matrix in panel.measure(learners, forward, embed).items():
                    found[f"{panel.name}/{name}"] = matrix
        return found

    def record(
        self,
        epoch: int,
        found: Mapping[str, np.ndarray],
        losses: Float[np.ndarray, " learner"],
    ) -> None:
        """Write down what was measured after `epoch` passes.

        Args:
            epoch: passes over the training sentences so far.
            found: what `measure` found, of all learners.
            losses: each learner's mean training loss during the last pass, dropout on; NaN at
                epoch 0. A learner whose loss or evaluation is not finite ends here.
        """
        self.check(epoch, losses)
        if epoch in self.epochs:
            self.check(epoch, found["nll"].sum(axis=1))
            self.arrays["training_loss"][self.alive, self.epochs.index(epoch)] = losses[self.alive]
        for name, values in found.items():
            times = self.snapshots if "/" in name else self.epochs
            self.arrays[name][self.alive, times.index(epoch)] = values[self.alive]

    def check(self, epoch: int, values: Float[np.ndarray, " s"]) -> None:
        """End the curves of learners whose value is not finite (a missing epoch 0 is fine)."""
        if epoch > 0:
            ended = self.alive & ~np.isfinite(values)
            self.arrays["diverged_at"][ended] = epoch


class _Probes:
    """All questions of all learners as tensors, group after group."""

    def __init__(self, corpora: Sequence[Corpus], device: torch.device | str) -> None:
        def stack(part: Sequence[Sequence[np.ndarray]]) -> Int[Tensor, "learner question *rest"]:
            return torch.from_numpy(np.stack([np.concatenate(p) for p in part])).to(device)

        tokens = stack([[g.tokens for g in corpus.groups] for corpus in corpora])
        start = corpora[0].answer_start
        self.first = start - 1
        self.inputs, self.targets = tokens[:, :, :-1], tokens[:, :, start:]
        self.candidates = stack([[g.candidates for g in corpus.groups] for corpus in corpora])
        self.lengths = [len(g) for g in corpora[0].groups]

    def __len__(self) -> int:
        return self.inputs.shape[1]


def evaluate(
    forward: Forward, probes: _Probes, learners: slice = slice(None)
) -> dict[str, Float[np.ndarray, "learner group"]]:
    """Ask every question without dropout; return the mean of each measure over each group."""
    chunks = [
        _ask(forward, probes, learners, slice(start, start + _CHUNK))
        for start in range(0, len(probes), _CHUNK)
    ]
    values = {name: torch.cat([c[name] for c in chunks], dim=1).double() for name in chunks[0]}
    return {
        name: torch.stack([g.mean(dim=1) for g in value.split(probes.lengths, dim=1)], dim=1)
        .cpu()
        .numpy()
        for name, value in values.items()
    }


def _ask(forward: Forward, probes: _Probes, learners: slice, part: slice) -> Mapping[str, Tensor]:
    """Measure each question of a chunk: tensors of shape (learner, question)."""
    targets = probes.targets[learners, part].unsqueeze(-1)
    logp = forward(probes.inputs[learners, part], probes.first).log_softmax(-1)
    truth = logp.gather(-1, targets)
    letters = logp[:, :, 0].gather(-1, probes.candidates[learners, part])
    likeliest_wrong = logp.scatter(-1, targets, -math.inf).amax(-1, keepdim=True)
    first = truth[:, :, 0]
    better = (letters > first).sum(-1)
    ties = (letters == first).sum(-1) - 1
    return {
        "nll": -first.squeeze(-1),
        "entity_nll": -truth.double().sum(dim=(-2, -1)),
        "accuracy": (truth > likeliest_wrong).flatten(2).all(-1),
        "wrong_probability": likeliest_wrong[:, :, 0, 0].exp(),
        "rank": 1 + better + ties / 2,
    }


class _PanelTokens:
    """One effective-weight panel of all learners as tensors."""

    def __init__(self, corpora: Sequence[Corpus], index: int, device: torch.device | str) -> None:
        panels = [corpus.panels[index] for corpus in corpora]
        self.name = panels[0].name
        self.sources = torch.from_numpy(np.stack([p.sources for p in panels])).to(device)
        self.prompts = torch.from_numpy(np.stack([p.prompts for p in panels])).to(device)
        self.targets = torch.from_numpy(np.stack([p.targets for p in panels])).to(device)

    def measure(
        self, learners: slice, forward: Forward, embed: Embed
    ) -> dict[str, Float[np.ndarray, "learner source target"]]:
        """Read the matrices of `recording.PANELS` off some learners."""
        sources, targets = self.sources[learners], self.targets[learners]
        source = torch.nn.functional.normalize(embed(sources[:, :, 0]), dim=-1)
        target = torch.nn.functional.normalize(embed(targets), dim=-1)
        found = {
            "entity_only": _logits(forward, sources, targets),
            "prompt_matched": _logits(forward, self.prompts[learners], targets),
            # learner by learner, on memory of its own: the same bits whatever S is
            "embedding_cosine": torch.stack(
                [s.clone() @ t.clone().T for s, t in zip(source, target, strict=True)]
            ),
        }
        return {name: matrix.float().cpu().numpy() for name, matrix in found.items()}


def _logits(forward: Forward, prompts: Tensor, targets: Tensor) -> Tensor:
    found = []
    for part in prompts.split(_CHUNK, dim=1):
        columns = targets.unsqueeze(1).expand(-1, part.shape[1], -1)
        logits = forward(part, prompts.shape[-1] - 1).squeeze(2)
        found.append(logits.gather(-1, columns))  # a copy: the next chunk's logits may lie there
    return torch.cat(found, dim=1)

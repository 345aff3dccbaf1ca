"""Evaluate a population during training: all questions, and effective weights."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from retrodict.objectives import ObjectiveConfig, Questions
from retrodict.tasks import Corpus, ProbeGroup
from retrodict.trace import Recording

Forward = Callable[[Tensor, int], Tensor]
"""Some learners' logits of tokens, at the positions from some position on; learner axis first."""
Embed = Callable[[Tensor], Tensor]
"""Their token embeddings."""

PAD = -1
_CHUNK = 1024  # questions evaluated at once; fixed, so that results do not depend on memory


class Evaluation:
    """All that learners are asked for a recording, as tensors.

    Parameters:
        recording: what is recorded, when, and of which corpora.
        device: where the learners are.
    """

    def __init__(self, recording: Recording, device: torch.device | str) -> None:
        self.epochs, self.snapshots = recording.epochs, recording.snapshots
        experiment, corpora = recording.experiment, recording.corpora
        objective = experiment.objective
        self._probes = _Probes(objective, corpora, device, experiment.record.controls)
        self._panels = [
            _PanelTokens(objective, corpora, i, device) for i in range(len(corpora[0].panels))
        ]

    def measure(
        self, epoch: int, learners: slice, forward: Forward, embed: Embed
    ) -> dict[str, np.ndarray]:
        """Ask some learners everything that is recorded after an epoch.

        Args:
            epoch: passes over the training sentences so far.
            learners: which.
            forward: their logits at the positions from some position on; learner axis first.
            embed: their token embeddings.

        Returns:
            Values by the names of `Recording.arrays`, with a leading learner axis.
        """
        found: dict[str, np.ndarray] = {}
        if epoch in self.epochs:
            found |= evaluate(forward, self._probes, learners)
        if epoch in self.snapshots:
            for panel in self._panels:
                for name, matrix in panel.measure(learners, forward, embed).items():
                    found[f"{panel.name}/{name}"] = matrix
        return found


class _Probes:
    """All questions of all learners as tensors, group after group.

    Where groups differ in length, shorter ones are padded behind; `PAD` stands where there is
    nothing to answer or no candidate.

    Attributes:
        inputs: what is read.
        first: the first position that answers; all later ones do too, unless `reads` names them.
        reads: the positions that answer, counted from `first`.
        targets: what is right there.
        candidates: the alphabets of the first answers.
        echoes: the first token of each question, for the controls; None if not recorded.
        lengths: how many questions each group has.
    """

    def __init__(
        self,
        objective: ObjectiveConfig,
        corpora: Sequence[Corpus],
        device: torch.device | str,
        controls: bool,
    ) -> None:
        def stack(
            read: Callable[[Corpus, ProbeGroup], np.ndarray], padding: int = PAD
        ) -> Int[Tensor, "learner question *rest"]:
            parts = [[read(corpus, group) for group in corpus.groups] for corpus in corpora]
            width = max(part.shape[1] for part in parts[0])
            padded = [
                [np.pad(p, ((0, 0), (0, width - p.shape[1])), constant_values=padding) for p in one]
                for one in parts
            ]
            return torch.from_numpy(np.stack([np.concatenate(p) for p in padded])).to(device)

        def ask(corpus: Corpus, group: ProbeGroup) -> Questions:
            return objective.ask(corpus, group.prompts, group.answers, group.answer_start)

        def reads(corpus: Corpus, group: ProbeGroup) -> Int[np.ndarray, "question answer"]:
            found = ask(corpus, group).reads
            return np.broadcast_to(found, (len(group), len(found)))

        self.inputs = stack(lambda corpus, group: ask(corpus, group).inputs, padding=0)
        self.targets = stack(lambda corpus, group: group.answers)
        self.candidates = stack(lambda corpus, group: group.candidates)
        self.echoes = stack(lambda corpus, group: group.tokens[:, :1]) if controls else None
        self.lengths = [len(g) for g in corpora[0].groups]
        at = stack(reads)
        self.first = int(at[at != PAD].min())
        usual = torch.arange(self.first, self.inputs.shape[2], device=at.device)
        same = at.shape[2] == len(usual) and bool((at == usual).all())
        self.reads = None if same else torch.where(at == PAD, 0, at - self.first)
        self.is_padded = bool((self.targets == PAD).any())
        self.has_all_candidates = not bool((self.candidates == PAD).any())

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
    logits = forward(probes.inputs[learners, part], probes.first)
    if probes.reads is not None:
        reads = probes.reads[learners, part].unsqueeze(-1)
        logits = logits.gather(2, reads.expand(-1, -1, -1, logits.shape[-1]))
    logp = logits.log_softmax(-1)
    targets = probes.targets[learners, part].unsqueeze(-1)
    if probes.is_padded:
        nothing = targets == PAD
        targets = targets.masked_fill(nothing, 0)
        logp = logp.masked_fill(nothing, -math.inf)
        logp = logp.scatter(-1, targets, logp.gather(-1, targets).masked_fill(nothing, 0.0))
    truth = logp.gather(-1, targets)
    candidates = probes.candidates[learners, part]
    letters = logp[:, :, 0].gather(-1, candidates.clamp(min=0))
    if not probes.has_all_candidates:
        letters = letters.masked_fill(candidates == PAD, -math.inf)
    likeliest_wrong = logp.scatter(-1, targets, -math.inf).amax(-1, keepdim=True)
    first = truth[:, :, 0]
    better = (letters > first).sum(-1)
    ties = (letters == first).sum(-1) - 1
    found = {
        "nll": -first.squeeze(-1),
        "entity_nll": -truth.double().sum(dim=(-2, -1)),
        "accuracy": (truth > likeliest_wrong).flatten(2).all(-1),
        "wrong_probability": likeliest_wrong[:, :, 0, 0].exp(),
        "rank": 1 + better + ties / 2,
    }
    if probes.echoes is not None:
        found |= _controls(logp[:, :, 0], letters, first, probes.echoes[learners, part])
    return found


def _controls(
    logp: Float[Tensor, "learner question vocab"],
    letters: Float[Tensor, "learner question candidate"],
    truth: Float[Tensor, "learner question 1"],
    echoes: Int[Tensor, "learner question 1"],
) -> dict[str, Tensor]:
    """Measure the answer's first token as `recording.CONTROLS` says: (learner, question)."""
    best = logp.amax(-1, keepdim=True)
    there = letters > -math.inf
    wrong = there.sum(-1) - 1  # letters of the alphabet but the truth
    all_nll = -letters.masked_fill(~there, 0.0).sum(-1)
    right, echo = (truth == best).squeeze(-1), (logp.gather(-1, echoes) == best).squeeze(-1)
    wrongly = ~right & (letters == best).any(-1)
    return {
        "wrong_nll": (all_nll + truth.squeeze(-1)) / wrong,
        "wrong_accuracy": wrongly / wrong,
        "echo": echo & ~right,
        "neither": ~right & ~echo,
    }


class _PanelTokens:
    """One effective-weight panel of all learners as tensors."""

    def __init__(
        self,
        objective: ObjectiveConfig,
        corpora: Sequence[Corpus],
        index: int,
        device: torch.device | str,
    ) -> None:
        panels = [corpus.panels[index] for corpus in corpora]
        self.name = panels[0].name

        def ask(prompts: Sequence[np.ndarray]) -> _Asked:
            questions = [
                objective.ask(corpus, p, p[:, :1], corpus.answer_start)
                for corpus, p in zip(corpora, prompts, strict=True)
            ]
            inputs = torch.from_numpy(np.stack([q.inputs for q in questions])).to(device)
            return _Asked(inputs, questions[0].reads[0])

        self.sources = torch.from_numpy(np.stack([p.sources for p in panels])).to(device)
        self.after_source = ask([p.sources for p in panels])
        self.after_prompt = ask([p.prompts for p in panels])
        self.targets = torch.from_numpy(np.stack([p.targets for p in panels])).to(device)

    def measure(
        self, learners: slice, forward: Forward, embed: Embed
    ) -> dict[str, Float[np.ndarray, "learner source target"]]:
        """Read the matrices of `recording.PANELS` off some learners."""
        sources, targets = self.sources[learners], self.targets[learners]
        source = torch.nn.functional.normalize(embed(sources[:, :, 0]), dim=-1)
        target = torch.nn.functional.normalize(embed(targets), dim=-1)
        found = {
            "entity_only": _logits(forward, self.after_source, learners, targets),
            "prompt_matched": _logits(forward, self.after_prompt, learners, targets),
            # learner by learner, on memory of its own: the same bits whatever S is
            "embedding_cosine": torch.stack(
                [s.clone() @ t.clone().T for s, t in zip(source, target, strict=True)]
            ),
        }
        return {name: matrix.float().cpu().numpy() for name, matrix in found.items()}


class _Asked(NamedTuple):
    """Prompts as a model reads them, and the position of its answer."""

    inputs: Tensor
    read: int


def _logits(forward: Forward, asked: _Asked, learners: slice, targets: Tensor) -> Tensor:
    found = []
    for part in asked.inputs[learners].split(_CHUNK, dim=1):
        columns = targets.unsqueeze(1).expand(-1, part.shape[1], -1)
        logits = forward(part, asked.read)[:, :, 0]
        found.append(logits.gather(-1, columns))  # a copy: the next chunk's logits may lie there
    return torch.cat(found, dim=1)

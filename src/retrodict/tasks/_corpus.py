"""A Corpus: training sentences, and the named groups of questions asked of a trained model.

Everything is a token array. All sentences of one corpus have the same layout, so entity and
relation positions are given once (`entity_spans`, `relation_positions`), not per sentence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from jaxtyping import Int, Shaped

Role = Literal["taught", "held_out"]
"""What a task does with the sentences of a group."""


@dataclass(frozen=True)
class Group:
    """What a task says of a probe group before a corpus is drawn.

    Attributes:
        role: whether the task teaches its sentences or holds them out.
        title: how a figure names its panel of effective weights; "" if it has none.
    """

    role: Role
    title: str = ""


@dataclass(frozen=True, eq=False)
class ProbeGroup:
    """Questions of one kind: each is a prompt (the start of a sentence) and its right answer.

    Attributes:
        name: the group's name in a Trace, e.g. `"validation"`.
        told: the task's plan for it.
        trained: whether its sentences are among the training sentences. A recipe may teach what the
            task holds out, or leave out what it teaches.
        tokens: the whole sentences, prompt and answer, shape (probe, length).
        answer_start: where the answer begins; it reaches to the end of the sentence.
        facts: which fact each probe asks about, shape (probe,). The same number in two groups
            means the same pair or triple of entities.
        directions: the direction each probe asks in, e.g. `"backward"`, shape (probe,).
        candidates: the alphabet from which the answer's first token comes, shape
            (probe, candidate); the truth is one of them.
    """

    name: str
    told: Group
    trained: bool
    tokens: Int[np.ndarray, "probe length"]
    answer_start: int
    facts: Int[np.ndarray, " probe"]
    directions: Shaped[np.ndarray, " probe"]
    candidates: Int[np.ndarray, "probe candidate"]

    @property
    def prompts(self) -> Int[np.ndarray, "probe prompt"]:
        """What the model is given."""
        return self.tokens[:, : self.answer_start]

    @property
    def answers(self) -> Int[np.ndarray, "probe answer"]:
        """The right continuation."""
        return self.tokens[:, self.answer_start :]

    @property
    def role(self) -> Role:
        """Whether the task teaches these sentences or holds them out."""
        return self.told.role

    @property
    def way(self) -> str:
        """The direction that all its probes ask in; `mixed` if they differ."""
        ways = set(self.directions)
        return str(ways.pop()) if len(ways) == 1 else "mixed"

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass(frozen=True, eq=False)
class Panel:
    """One matrix of effective weights: from each source entity to each target's first token.

    Row i and column i belong to the same fact, so the diagonal holds the right answers.

    Attributes:
        name: the panel's name, that of its probe group.
        title: how a figure names it, e.g. `"training pairs, A to B"`.
        sources: entity tokens given as input, shape (source, entity_length).
        prompts: the whole prompt of each source, as the prompt-matched variant asks it, shape
            (source, prompt).
        targets: the token whose logit is read, shape (target,).
    """

    name: str
    title: str
    sources: Int[np.ndarray, "source entity"]
    prompts: Int[np.ndarray, "source prompt"]
    targets: Int[np.ndarray, " target"]


@dataclass(frozen=True, eq=False)
class Corpus:
    """What one learner is trained on and asked about.

    Attributes:
        tokens: training sentences, shape (sentence, length).
        facts: which fact each sentence states, shape (sentence,).
        directions: in which direction it states it, shape (sentence,).
        names: the printed name of every token id; specials first. `len(names)` is the model's
            vocabulary.
        entity_spans: (start, end) of each entity in a sentence.
        relation_positions: where the relation tokens stand.
        groups: the probe groups, trained ones and held-out ones.
        panels: the effective-weight matrices that make sense for this task (may be empty).
        lengths: tokens of each sentence, where they differ; what follows in its row is padding.
        answer_starts: where each sentence's last entity begins, where that differs.
    """

    tokens: Int[np.ndarray, "sentence length"]
    facts: Int[np.ndarray, " sentence"]
    directions: Shaped[np.ndarray, " sentence"]
    names: tuple[str, ...]
    entity_spans: tuple[tuple[int, int], ...]
    relation_positions: tuple[int, ...]
    groups: tuple[ProbeGroup, ...]
    panels: tuple[Panel, ...] = field(default=())
    lengths: Int[np.ndarray, " sentence"] | None = None
    answer_starts: Int[np.ndarray, " sentence"] | None = None

    @classmethod
    def of(
        cls,
        groups: Sequence[ProbeGroup],
        names: Sequence[str],
        entity_spans: tuple[tuple[int, int], ...],
        relation_positions: tuple[int, ...],
    ) -> Corpus:
        """Put a corpus together from its groups; the arguments are attributes of it.

        Its sentences are those of the trained groups. A group with a title has a panel: from its
        first entity to its answer's first token.
        """
        trained = [group for group in groups if group.trained]
        start, end = entity_spans[0]
        return cls(
            tokens=np.concatenate([group.tokens for group in trained]),
            facts=np.concatenate([group.facts for group in trained]),
            directions=np.concatenate([group.directions for group in trained]),
            names=tuple(names),
            entity_spans=entity_spans,
            relation_positions=relation_positions,
            groups=tuple(groups),
            panels=tuple(
                Panel(
                    name=group.name,
                    title=group.told.title,
                    sources=group.tokens[:, start:end],
                    prompts=group.prompts,
                    targets=group.answers[:, 0],
                )
                for group in groups
                if group.told.title
            ),
        )

    @property
    def vocab_size(self) -> int:
        """Entity tokens and special tokens together: the number of the model's logits."""
        return len(self.names)

    @property
    def nbytes(self) -> int:
        """Size of the questions, which are most of it."""
        return sum(group.tokens.nbytes + group.candidates.nbytes for group in self.groups)

    @property
    def answer_start(self) -> int:
        """Where the last entity of a sentence begins."""
        return self.entity_spans[-1][0]

    @property
    def sentence_lengths(self) -> Int[np.ndarray, " sentence"]:
        """Tokens of each sentence."""
        count, length = self.tokens.shape
        return np.full(count, length) if self.lengths is None else self.lengths

    @property
    def sentence_answer_starts(self) -> Int[np.ndarray, " sentence"]:
        """Where each sentence's last entity begins."""
        if self.answer_starts is None:
            return np.full(len(self.tokens), self.answer_start)
        return self.answer_starts

    def group(self, name: str) -> ProbeGroup:
        """Return the probe group of this name.

        Raises:
            KeyError: no group of that name; the message lists those there are.
        """
        for group in self.groups:
            if group.name == name:
                return group
        raise KeyError(f"no probe group {name!r}; there are {[g.name for g in self.groups]}")

    def render(self, sentence: Sequence[int] | Int[np.ndarray, " length"]) -> str:
        """Write a sentence with the names of its tokens, e.g. `A3 → B7`."""
        return " ".join(self.names[token] for token in sentence)

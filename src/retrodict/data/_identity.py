"""Identity sentences: an entity is itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from retrodict.data._addition import Addition, with_sentences, with_token
from retrodict.seeds import IDENTITY, stream
from retrodict.tasks import Corpus, Group, ProbeGroup


class Identity(Addition):
    """Teach `A = A`, with a relation token of its own, for entities of the task.

        who                the entities that get a sentence
        all                every entity of every fact
        all_but_questions  all except those with which a held-out question starts
        questions          those with which a held-out question starts
        held_out           those of facts with a held-out sentence
        trained            those of the other facts
        middle             the B of every triple, on `chain`

    On `reversal` the sentences of `questions` matter: no other sentence trains the input embeddings
    of these entities [O: docs/identity.md]. On `chain` this is zero-hop supervision (arXiv
    2509.24653 [N]). The questions form the group `identity`.

    Parameters:
        who: which entities.
        share: the share of them that is used, at least one entity, drawn by the corpus's seed.
        partner: what follows: the entity itself (`self`) or, as a control, another entity, drawn
            once at random (`random`): `A = R`.

    >>> from retrodict.tasks import Reversal
    >>> corpus = Identity().extend(Reversal(vocab_size=20).corpus(0), 0)
    >>> len(corpus.tokens), corpus.render(corpus.tokens[-1])
    (19, 'A1 = A1')
    """

    who: Literal["all", "all_but_questions", "questions", "held_out", "trained", "middle"] = "all"
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    partner: Literal["self", "random"] = "self"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add the sentences, and a group that asks them."""
        rng = np.random.default_rng(stream(seed, IDENTITY))
        start = corpus.answer_start
        words = self._words(corpus)
        kept = rng.permutation(len(words))[: max(1, round(self.share * len(words)))]
        words = words[np.sort(kept)]
        said = words
        if self.partner == "random":
            everyone = _entities(corpus)
            own = np.array([np.flatnonzero((everyone == word).all(1))[0] for word in words])
            other = (own + rng.integers(1, len(everyone), len(words))) % len(everyone)
            said = everyone[other]
        letters = np.unique(np.concatenate([g.candidates.ravel() for g in corpus.groups]))
        facts = np.full(len(words), -1)
        corpus, equals = with_token(corpus, "=")
        tokens = np.concatenate([words, np.full((len(words), 1), equals), said], axis=1)
        corpus = with_sentences(corpus, tokens, facts, "identity")
        asked = ProbeGroup(
            name="identity",
            told=Group("taught"),
            trained=True,
            tokens=tokens,
            answer_start=start,
            facts=facts,
            directions=np.full(len(words), "identity"),
            candidates=np.broadcast_to(letters, (len(words), len(letters))),
        )
        return replace(corpus, groups=(*corpus.groups, asked))

    def _words(self, corpus: Corpus) -> Int[np.ndarray, "word entity_length"]:
        k = corpus.entity_spans[0][1]
        held_out_groups = [group for group in corpus.groups if not group.trained]
        held_out_facts = np.concatenate([group.facts for group in held_out_groups])
        everyone, held_out = _entities(corpus), _entities(corpus, held_out_facts)
        questions = np.unique(np.concatenate([g.tokens[:, :k] for g in held_out_groups]), axis=0)
        match self.who:
            case "all":
                return everyone
            case "all_but_questions":
                return _without(everyone, questions)
            case "questions":
                return questions
            case "held_out":
                return held_out
            case "middle":
                steps = [g.tokens[:, :k] for g in corpus.groups if g.way == "b_to_c"]
                return np.unique(np.concatenate(steps), axis=0)
        return _without(everyone, held_out)


def _entities(
    corpus: Corpus, facts: Int[np.ndarray, " fact"] | None = None
) -> Int[np.ndarray, "word entity_length"]:
    """Return the distinct entities of some facts; None is all facts."""
    (start, end), (last_start, last_end) = corpus.entity_spans
    found = []
    for group in corpus.groups:
        rows = group.tokens if facts is None else group.tokens[np.isin(group.facts, facts)]
        found += [rows[:, start:end], rows[:, last_start:last_end]]
    return np.unique(np.concatenate(found), axis=0)


def _without(
    words: Int[np.ndarray, "word k"], others: Int[np.ndarray, "other k"]
) -> Int[np.ndarray, "rest k"]:
    is_other = (words[:, None] == others[None]).all(-1).any(-1)
    rest: np.ndarray = words[~is_other]
    return rest

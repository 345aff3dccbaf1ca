"""Identity sentences: an entity is said to be itself."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from retrodict.data._addition import (
    Addition,
    held_out_facts,
    with_group,
    with_sentences,
    with_token,
    words_of,
)
from retrodict.seeds import IDENTITY, stream
from retrodict.tasks import Corpus, ProbeGroup


class Identity(Addition):
    """Teach `A = A`, with a relation token of its own, for entities of the task.

        who                the entities that get a sentence
        all                every entity of every fact
        all_but_questions  all but those with which a held-out question starts
        questions          those with which a held-out question starts
        held_out           those of facts of which something is held out
        trained            those of the other facts
        middle             the B of every triple, on `chain`

    On `reversal` these are the identity facts of which the question's start, whose input embedding
    no other sentence trains, is the one that matters [O: docs/identity.md]; on `chain`, zero-hop
    supervision (arXiv 2509.24653 [N]). Group: `identity`.

    Parameters:
        who: which entities.
        share: of them, how many; drawn by the corpus's seed. One entity at least.
        partner: what follows: the entity itself (`self`), or as a control an entity drawn at
            random among all, another one and always the same (`random`): `A = R`.

    >>> from retrodict.tasks import Reversal
    >>> corpus = Identity().extend(Reversal(vocab_size=20).corpus(0), 0)
    >>> len(corpus.tokens), corpus.render(corpus.tokens[-1])
    (19, 'A1 = A1')
    """

    name = "identity"

    who: Literal["all", "all_but_questions", "questions", "held_out", "trained", "middle"] = "all"
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    partner: Literal["self", "random"] = "self"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add the sentences and the group that asks them."""
        rng = np.random.default_rng(stream(seed, IDENTITY))
        start = corpus.answer_start
        words = self._words(corpus)
        kept = rng.permutation(len(words))[: max(1, round(self.share * len(words)))]
        words = words[np.sort(kept)]
        said = words
        if self.partner == "random":
            everyone = words_of(corpus)
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
            trained=True,
            tokens=tokens,
            answer_start=start,
            facts=facts,
            directions=np.full(len(words), "identity"),
            candidates=np.broadcast_to(letters, (len(words), len(letters))),
        )
        return with_group(corpus, asked)

    def _words(self, corpus: Corpus) -> Int[np.ndarray, "word entity_length"]:
        k = corpus.entity_spans[0][1]
        everyone, held_out = words_of(corpus), words_of(corpus, held_out_facts(corpus))
        questions = np.unique(
            np.concatenate([g.tokens[:, :k] for g in corpus.groups if not g.trained]), axis=0
        )
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
                steps = [g.tokens[:, :k] for g in corpus.groups if g.name.endswith("b_to_c")]
                return np.unique(np.concatenate(steps), axis=0)
        return _without(everyone, held_out)


def _without(
    words: Int[np.ndarray, "word k"], others: Int[np.ndarray, "other k"]
) -> Int[np.ndarray, "rest k"]:
    is_other = (words[:, None] == others[None]).all(-1).any(-1)
    rest: np.ndarray = words[~is_other]
    return rest

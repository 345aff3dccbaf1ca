"""The base of data additions, which add sentences, tokens and questions to a corpus. NumPy only.

New tokens are appended to the vocabulary and new sentences to the old ones. So the task's own
tokens, sentences and questions keep their places.
"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import numpy as np
from jaxtyping import Int

from retrodict.config import FrozenConfig
from retrodict.tasks import Corpus


class Addition(FrozenConfig):
    """Base of every data addition.

    Attributes:
        tasks: the kinds of task it supports.
    """

    tasks: ClassVar[tuple[str, ...]] = ("reversal", "chain")

    @property
    def lengthens(self) -> str:
        """Name of the setting that lengthens sentences beyond the task's own; "" if none does."""
        return ""

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Return the corpus with this addition's tokens, sentences and questions.

        Args:
            corpus: a corpus whose sentences are entity, relation, entity.
            seed: the corpus's seed; random choices use a separate stream of it.
        """
        raise NotImplementedError


def with_token(corpus: Corpus, symbol: str) -> tuple[Corpus, int]:
    """Append a token to the vocabulary; return the corpus and the token's id."""
    return replace(corpus, names=(*corpus.names, symbol)), corpus.vocab_size


def with_sentences(
    corpus: Corpus,
    tokens: Int[np.ndarray, "added length"],
    facts: Int[np.ndarray, " added"],
    direction: str,
    answer_start: int | None = None,
) -> Corpus:
    """Append training sentences of any length.

    Args:
        corpus: the corpus.
        tokens, facts: the sentences, and the fact each states; -1 is none.
        direction: their direction's name.
        answer_start: where their last entity begins; None is the corpus's `answer_start`.
    """
    start = corpus.answer_start if answer_start is None else answer_start
    parts = (corpus.tokens, tokens)
    width = max(part.shape[1] for part in parts)
    lengths = np.concatenate([corpus.sentence_lengths, np.full(len(tokens), tokens.shape[1])])
    starts = np.concatenate([corpus.sentence_answer_starts, np.full(len(tokens), start)])
    alike = (lengths == width).all() and (starts == corpus.answer_start).all()
    return replace(
        corpus,
        tokens=np.concatenate([np.pad(p, ((0, 0), (0, width - p.shape[1]))) for p in parts]),
        facts=np.concatenate([corpus.facts, facts]),
        directions=np.concatenate([corpus.directions, np.full(len(tokens), direction)]),
        lengths=None if alike else lengths,
        answer_starts=None if alike else starts,
    )


def without(corpus: Corpus, sentences: Int[np.ndarray, "left_out length"]) -> Corpus:
    """Remove training sentences from a corpus whose sentences all have the same length."""
    kept = ~(corpus.tokens[:, None] == sentences[None]).all(-1).any(1)
    return replace(
        corpus,
        tokens=corpus.tokens[kept],
        facts=corpus.facts[kept],
        directions=corpus.directions[kept],
    )

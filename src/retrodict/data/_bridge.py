"""The identity bridge: a relation followed by its inverse leads back."""

from __future__ import annotations

import numpy as np

from retrodict.data._addition import Addition, with_sentences, with_token
from retrodict.tasks import Corpus


class Bridge(Addition):
    """Add a sentence there and back for every taught fact, and an identity for its answer.

        taught     A → B
        bridge     A → ← A      "the wife of A's husband is A"
        identity   B = B

    Only for `reversal`. Source: Ma et al. 2026, arXiv 2602.02470, with weights 6 : 1 : 1 and no
    fact taught both ways (`data.one_way`) [S: the authors' scripts; in our tokens R].

    >>> from retrodict.tasks import Reversal
    >>> corpus = Bridge().extend(Reversal(vocab_size=20).corpus(0), 0)
    >>> corpus.render(corpus.tokens[9]), corpus.render(corpus.tokens[-1, :3])
    ('A3 → ← A3', 'A1 = A1')
    """

    tasks = ("reversal",)

    @property
    def lengthens(self) -> str:
        """The whole addition: a bridge has one token more."""
        return "bridge"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add a bridge for each sentence, and an identity sentence for each answer."""
        (_, k), (start, end) = corpus.entity_spans
        taught, facts = corpus.tokens[:, :end], corpus.facts
        first, last, way = taught[:, :k], taught[:, start:], taught[:, k:start]
        forward = 0  # the tokens of → and ←
        back = np.where(way == forward, 1, forward)
        there_and_back = np.concatenate([first, way, back, first], axis=1)
        answers = np.unique(last, axis=0)
        corpus = with_sentences(corpus, there_and_back, facts, "bridge", start + 1)
        corpus, equals = with_token(corpus, "=")
        same = np.concatenate([answers, np.full((len(answers), 1), equals), answers], axis=1)
        return with_sentences(corpus, same, np.full(len(same), -1), "identity")

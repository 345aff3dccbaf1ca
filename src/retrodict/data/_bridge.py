"""The identity bridge: a relation and its inverse, one after the other, lead back."""

from __future__ import annotations

import numpy as np

from retrodict.data._addition import Addition, with_sentences, with_token
from retrodict.tasks import Corpus


class Bridge(Addition):
    """For every fact that is taught, lead there and back, and say what its answer is; `reversal`.

        taught     A → B
        bridge     A → ← A      "the wife of A's husband is A"
        identity   B = B

    Source: Ma et al. 2026, arXiv 2602.02470, whose weights are 6 : 1 : 1; there no fact is taught
    both ways (`data.one_way`) [S: the authors' scripts; in our tokens R].

    >>> from retrodict.tasks import Reversal
    >>> corpus = Bridge().extend(Reversal(vocab_size=20).corpus(0), 0)
    >>> corpus.render(corpus.tokens[9]), corpus.render(corpus.tokens[-1, :3])
    ('A3 → ← A3', 'A1 = A1')
    """

    name = "bridge"
    tasks = ("reversal",)

    @property
    def lengthens(self) -> str:
        """It does."""
        return "bridge"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add a bridge a sentence, and an identity sentence an answer."""
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

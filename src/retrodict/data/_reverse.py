"""Reverse training: every sentence is also taught in reverse order."""

from __future__ import annotations

from typing import Literal

import numpy as np

from retrodict.data._addition import Addition, with_sentences, with_token
from retrodict.tasks import Corpus


class Reverse(Addition):
    """Teach every sentence a second time, with its parts in reverse order.

        sentence            a1 a2 → b1 b2
        level token, word   b2 b1 → a2 a1
        level entity        b1 b2 → a1 a2
        marker              ⟲ b1 b2 → a1 a2

    Questions do not change. Source: Golovneva et al. 2024, "Reverse training to nurse the reversal
    curse", arXiv 2403.13799 [N]. There a word has several tokens, and an entity several words. Here
    a token is a word, so the levels `token` and `word` give the same sentences.

    Parameters:
        level: the parts that keep their order inside: `token`, `word` or `entity`.
        marker: whether a special token opens each reversed sentence.

    >>> from retrodict.tasks import Reversal
    >>> corpus = Reverse(marker=True).extend(Reversal(vocab_size=20).corpus(0), 0)
    >>> corpus.render(corpus.tokens[0, :3]), corpus.render(corpus.tokens[9])
    ('A3 → B0', '⟲ B0 → A3')
    """

    level: Literal["token", "word", "entity"] = "entity"
    marker: bool = False

    @property
    def lengthens(self) -> str:
        """`marker`, if set."""
        return "reverse.marker" if self.marker else ""

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add the reversed sentences."""
        (_, end), (start, _) = corpus.entity_spans
        tokens = corpus.tokens[:, ::-1]
        if self.level == "entity":
            tokens = np.concatenate(
                [corpus.tokens[:, start:], corpus.tokens[:, end:start], corpus.tokens[:, :end]], 1
            )
        facts = corpus.facts
        if self.marker:
            corpus, marker = with_token(corpus, "⟲")
            tokens = np.concatenate([np.full((len(tokens), 1), marker), tokens], 1)
        return with_sentences(corpus, tokens, facts, "reversed", start + self.marker)

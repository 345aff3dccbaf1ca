"""The upper bound: train on the held-out sentences, too."""

from __future__ import annotations

from dataclasses import replace

from retrodict.data._addition import Addition, with_sentences
from retrodict.tasks import Corpus


class HeldOut(Addition):
    """Train on the validation questions: both directions of every fact, or A ⇝ C of every triple.

        taught before      A → B                 A → B,  B → C
        taught now         A → B,  B ← A         A → B,  B → C,  A ⇝ C

    Nothing is held out then, so `validation` measures memorisation. This is the upper bound of
    every comparison of recipes [O]. It comes last, so that other additions still see what the task
    holds out.

    >>> from retrodict.tasks import Reversal
    >>> corpus = Reversal(vocab_size=20).corpus(0)
    >>> len(corpus.tokens), len(HeldOut().extend(corpus, 0).tokens)
    (9, 10)
    """

    name = "held_out"

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add every held-out sentence, and mark its group as trained."""
        for group in corpus.groups:
            if not group.trained:
                corpus = with_sentences(corpus, group.tokens, group.facts, "held_out")
        groups = tuple(replace(group, trained=True) for group in corpus.groups)
        return replace(corpus, groups=groups)

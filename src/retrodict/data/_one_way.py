"""Facts in one direction only, so that no fact shows that one relation is the other's inverse."""

from __future__ import annotations

from dataclasses import replace

from retrodict.data._addition import Addition, without
from retrodict.tasks import Corpus


class OneWay(Addition):
    """Teach training pairs in one direction only.

        pair          taught before      taught now     asked
        training      A → B,  B ← A      A → B          B ← ?
        validation    one of the two     the same       the other

    Only for `reversal`. In this setting identity facts alone are reported to leave the curse (arXiv
    2602.02470 [S]). In the paper's own task, pairs taught both ways show what the inverse is.

    >>> from retrodict.tasks import Reversal
    >>> len(OneWay().extend(Reversal(vocab_size=20).corpus(0), 0).tokens)
    5
    """

    tasks = ("reversal",)

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Remove the backward sentences of training pairs; their group counts as held out."""
        backward = corpus.group("train_backward")
        corpus = without(corpus, backward.tokens)
        groups = tuple(
            replace(group, trained=group.trained and group is not backward)
            for group in corpus.groups
        )
        return replace(corpus, groups=groups)

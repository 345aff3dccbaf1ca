"""Data additions, the `data` section of an experiment: they change a task's sentences."""

from __future__ import annotations

from retrodict.config import FrozenConfig
from retrodict.data._addition import Addition
from retrodict.data._bridge import Bridge
from retrodict.data._held_out import HeldOut
from retrodict.data._identity import Identity
from retrodict.data._middle_step import MiddleStep
from retrodict.data._one_way import OneWay
from retrodict.data._reverse import Reverse
from retrodict.tasks import Corpus


class Data(FrozenConfig):
    """The additions to a task's sentences, in this order. A new one is one file and one line here.

    >>> from retrodict.tasks import Reversal
    >>> data = Data(identity={"who": "all"})
    >>> len(data.extend(Reversal(vocab_size=20).corpus(0), seed=0).tokens)
    19
    """

    one_way: OneWay | None = None
    middle_step: MiddleStep | None = None
    reverse: Reverse | None = None
    bridge: Bridge | None = None
    identity: Identity | None = None
    held_out: HeldOut | None = None

    @property
    def additions(self) -> dict[str, Addition]:
        """Name → addition, of those that are set."""
        parts = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: part for name, part in parts.items() if part is not None}

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Apply the additions to the corpus of a seed."""
        for addition in self.additions.values():
            corpus = addition.extend(corpus, seed)
        return corpus


__all__ = ["Addition", "Bridge", "Data", "HeldOut", "Identity", "MiddleStep", "OneWay", "Reverse"]

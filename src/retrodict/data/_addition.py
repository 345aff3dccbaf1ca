"""What every data recipe is: a setting that turns a corpus into a larger one. NumPy only.

New tokens go to the end of the vocabulary and new sentences behind the old ones, so that whatever a
recipe adds, the task's own tokens, sentences and questions stay what they were.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jaxtyping import Int

from retrodict.config import FrozenConfig
from retrodict.tasks import Corpus, ProbeGroup


class Addition(FrozenConfig):
    """Base of every data recipe: a frozen record that refuses unknown keys and wrong types.

    Attributes:
        name: what the `data` section calls it.
        tasks: the kinds of task that it adds to.
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]] = ("reversal", "chain")

    @property
    def lengthens(self) -> str:
        """Which of its settings makes sentences of more tokens than the task's own; "" if none."""
        return ""

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Return a corpus with this recipe's tokens, sentences and questions added.

        Args:
            corpus: of a task whose sentences are entity, relation, entity.
            seed: the corpus's own; what is drawn here has a stream of its own.
        """
        raise NotImplementedError


class Additions(FrozenConfig):
    """What is added to the task's sentences, in this order.

    >>> from retrodict.data import Data
    >>> from retrodict.tasks import Reversal
    >>> data = Data(identity={"who": "all"})
    >>> len(data.extend(Reversal(vocab_size=20).corpus(0), seed=0).tokens)
    19
    """

    @property
    def additions(self) -> dict[str, Addition]:
        """Those that are asked for, by name."""
        parts = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: part for name, part in parts.items() if part is not None}

    def extend(self, corpus: Corpus, seed: int) -> Corpus:
        """Add all that is asked for to the corpus of a seed."""
        for addition in self.additions.values():
            corpus = addition.extend(corpus, seed)
        return corpus

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return the recipe of a name, None where it is not asked for."""


def with_token(corpus: Corpus, symbol: str) -> tuple[Corpus, int]:
    """Add a token to the end of the vocabulary; return the corpus and the token's id."""
    return replace(corpus, names=(*corpus.names, symbol)), corpus.vocab_size


def with_sentences(
    corpus: Corpus,
    tokens: Int[np.ndarray, "added length"],
    facts: Int[np.ndarray, " added"],
    direction: str,
    answer_start: int | None = None,
) -> Corpus:
    """Add training sentences, which may be longer or shorter than those there are.

    Args:
        corpus: to which.
        tokens, facts: the sentences, and which fact each states; -1 is none.
        direction: their direction's name.
        answer_start: where their last entity begins; None: where the corpus's sentences have it.
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
    """Leave out some training sentences of a corpus whose sentences have one length."""
    kept = ~(corpus.tokens[:, None] == sentences[None]).all(-1).any(1)
    return replace(
        corpus,
        tokens=corpus.tokens[kept],
        facts=corpus.facts[kept],
        directions=corpus.directions[kept],
    )


def with_group(corpus: Corpus, group: ProbeGroup) -> Corpus:
    """Add a group of questions."""
    return replace(corpus, groups=(*corpus.groups, group))


def held_out_facts(corpus: Corpus) -> Int[np.ndarray, " fact"]:
    """The facts of which some sentence is held out, each once."""
    return np.unique(np.concatenate([g.facts for g in corpus.groups if not g.trained]))


def words_of(
    corpus: Corpus, facts: Int[np.ndarray, " fact"] | None = None
) -> Int[np.ndarray, "word entity_length"]:
    """The entities of some facts, of all for None, each once."""
    (start, end), (last_start, last_end) = corpus.entity_spans
    found = []
    for group in corpus.groups:
        rows = group.tokens if facts is None else group.tokens[np.isin(group.facts, facts)]
        found += [rows[:, start:end], rows[:, last_start:last_end]]
    return np.unique(np.concatenate(found), axis=0)

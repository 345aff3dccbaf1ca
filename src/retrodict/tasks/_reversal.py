"""The reversal task: facts taught in both directions or in one, and asked in the other."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
from retrodict.tasks._task import TaskConfig
from retrodict.tasks._words import (
    alphabet_size,
    cap_facts,
    draw_alphabets,
    draw_words,
    require_both_parts,
    split,
    token_names,
    word_count,
)

FORWARD, BACKWARD = 0, 1  # the relation tokens → and ←, which are also the directions


class Reversal(TaskConfig):
    """Pairs (A, B); training pairs are taught both ways, validation pairs one way.

        pair            taught             asked
        training        A → B,  B ← A      (both known)
        validation      A → B              B ← ?
        validation      B ← A              A → ?

    Which way a validation pair is taught is a fair coin. Construction and sizes: paper section 1
    [S]. Groups: `train_forward`, `train_backward`, `train_seen` (the taught direction of
    validation pairs), `validation`.

    With more `relations`, each has its own pairing, split and coin over the same entities, and its
    own two tokens: an entity is then taught as a question by some relations while it is held out as
    one by another [O; after arXiv 2509.21993 and 2504.01928, which have 8 and 6].

    Parameters:
        vocab_size: entity tokens V; the model's vocabulary is V + 2 · relations.
        entity_length: tokens in an entity, 1 to 3.
        train_share: share of pairs that are training pairs.
        relations: pairs of a relation and its inverse.
        max_train_facts, max_validation_facts: caps on the number of pairs. None is the paper's
            rule: 100 and 50 at entity length 3, no cap otherwise.

    Raises:
        pydantic.ValidationError: sizes that leave no training or no validation pair.

    >>> corpus = Reversal(vocab_size=20).corpus(seed=0)
    >>> corpus.tokens.shape, len(corpus.group("validation"))
    ((9, 3), 1)
    """

    groups: ClassVar = {
        "train_forward": Group("taught", "training pairs: A to B"),
        "train_backward": Group("taught", "training pairs: B to A"),
        "train_seen": Group("taught", "validation pairs: seen direction"),
        "validation": Group("held_out", "validation pairs: unseen direction"),
    }

    kind: Literal["reversal"] = "reversal"
    vocab_size: Annotated[int, Field(ge=4, le=1_000_000)] = 800
    entity_length: Annotated[int, Field(ge=1, le=3)] = 1
    train_share: Annotated[float, Field(gt=0, lt=1)] = 0.7
    max_train_facts: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    max_validation_facts: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    relations: Annotated[int, Field(ge=1, le=64)] = 1

    @model_validator(mode="after")
    def _sizes_work(self) -> Reversal:
        require_both_parts(self.vocab_size, self.entity_length, self.train_share)
        return self

    @property
    def pairs(self) -> int:
        """Pairs that the entities of a relation make; caps may leave some out."""
        return word_count(self.vocab_size, self.entity_length)

    @property
    def sizes(self) -> tuple[int, int]:
        """Training pairs and validation pairs of a relation."""
        return cap_facts(
            split(self.pairs, self.train_share),
            self.entity_length,
            self.max_train_facts,
            self.max_validation_facts,
        )

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of this seed."""
        rng = np.random.default_rng(seed)
        k, a = self.entity_length, alphabet_size(self.vocab_size)
        pairs = self.pairs
        n_train, n_validation = self.sizes
        questions = 2 * (n_train + n_validation) * self.relations
        self.require_memory(self.vocab_size, questions, 2 * k + 1, a)

        alphabet_a, alphabet_b = draw_alphabets(rng, self.vocab_size, [a, a], first_id=2)
        words_a = draw_words(rng, alphabet_a, k, pairs)
        words_b = draw_words(rng, alphabet_b, k, pairs)
        # fact by fact: its A, its B, its relation's two tokens, and by a fair coin what is taught
        a_of, b_of = [np.arange(pairs)], [np.arange(pairs)]
        taught = [rng.integers(0, 2, size=n_validation)]
        for _ in range(1, self.relations):
            a_of.append(rng.permutation(pairs))
            b_of.append(rng.permutation(pairs))
            taught.append(rng.integers(0, 2, size=n_validation))
        words_a, words_b = words_a[np.concatenate(a_of)], words_b[np.concatenate(b_of)]
        own = np.arange(self.relations)[:, None]
        later = self.vocab_size + 2 * own  # the tokens of every relation but the first
        tokens_of = np.where(own == 0, [FORWARD, BACKWARD], later + np.array([FORWARD, BACKWARD]))

        def ask(name: str, facts: Int[np.ndarray, " f"], way: Int[np.ndarray, " f"]) -> ProbeGroup:
            told = self.groups[name]
            forward = (way == FORWARD)[:, None]
            first = np.where(forward, words_a[facts], words_b[facts])
            last = np.where(forward, words_b[facts], words_a[facts])
            relation = tokens_of[facts // pairs, way][:, None]
            return ProbeGroup(
                name=name,
                told=told,
                trained=told.role == "taught",
                tokens=np.concatenate([first, relation, last], axis=1),
                answer_start=k + 1,
                facts=facts,
                directions=np.array(["forward", "backward"])[way],
                candidates=np.where(forward, alphabet_b, alphabet_a),
            )

        training = (own * pairs + np.arange(n_train)).ravel()
        validation = (own * pairs + np.arange(n_train, n_train + n_validation)).ravel()
        both, coin = np.zeros_like(training), np.concatenate(taught)
        groups = (
            ask("train_forward", training, both + FORWARD),
            ask("train_backward", training, both + BACKWARD),
            ask("train_seen", validation, coin),
            ask("validation", validation, 1 - coin),
        )
        names = token_names(self.vocab_size, ("→", "←"), {"A": alphabet_a, "B": alphabet_b})
        more = [f"{arrow}{r + 1}" for r in range(1, self.relations) for arrow in "→←"]
        return Corpus.of(
            groups,
            names=(*names, *more),
            entity_spans=((0, k), (k + 1, 2 * k + 1)),
            relation_positions=(k,),
        )

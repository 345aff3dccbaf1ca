"""The reversal task: facts taught in both directions or in one, and asked in the other."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from retrodict._room import MOST
from retrodict.tasks._corpus import Corpus, ProbeGroup, merge_groups, panels_of
from retrodict.tasks._words import (
    TaskConfig,
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

    Parameters:
        vocab_size: entity tokens V; the model's vocabulary is V + 2.
        entity_length: tokens in an entity, 1 to 3.
        train_share: share of pairs that are training pairs.
        max_train_facts, max_validation_facts: caps on the number of pairs. None is the paper's
            rule: 100 and 50 at entity length 3, no cap otherwise.

    Raises:
        pydantic.ValidationError: sizes that leave no training or no validation pair.

    >>> corpus = Reversal(vocab_size=20).corpus(seed=0)
    >>> corpus.tokens.shape, len(corpus.group("validation"))
    ((9, 3), 1)
    """

    kind: Literal["reversal"] = "reversal"
    vocab_size: Annotated[int, Field(ge=4, le=1_000_000)] = 800
    entity_length: Annotated[int, Field(ge=1, le=3)] = 1
    train_share: Annotated[float, Field(gt=0, lt=1)] = 0.7
    max_train_facts: Annotated[int, Field(ge=1, le=MOST)] | None = None
    max_validation_facts: Annotated[int, Field(ge=1, le=MOST)] | None = None

    @model_validator(mode="after")
    def _sizes_work(self) -> Reversal:
        require_both_parts(self.vocab_size, self.entity_length, self.train_share)
        return self

    @property
    def sizes(self) -> tuple[int, int]:
        """Training pairs and validation pairs."""
        pairs = word_count(self.vocab_size, self.entity_length)
        return cap_facts(
            split(pairs, self.train_share),
            self.entity_length,
            self.max_train_facts,
            self.max_validation_facts,
        )

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of this seed."""
        rng = np.random.default_rng(seed)
        k, a = self.entity_length, alphabet_size(self.vocab_size)
        pairs = word_count(self.vocab_size, k)
        n_train, n_validation = self.sizes
        self.require_room(self.vocab_size, 2 * (n_train + n_validation), 2 * k + 1, a)

        alphabet_a, alphabet_b = draw_alphabets(rng, self.vocab_size, [a, a], first_id=2)
        words_a = draw_words(rng, alphabet_a, k, pairs)
        words_b = draw_words(rng, alphabet_b, k, pairs)
        taught = rng.integers(0, 2, size=n_validation)  # the fair coin: FORWARD or BACKWARD

        def ask(
            name: str, trained: bool, facts: Int[np.ndarray, " f"], way: Int[np.ndarray, " f"]
        ) -> ProbeGroup:
            forward = (way == FORWARD)[:, None]
            first = np.where(forward, words_a[facts], words_b[facts])
            last = np.where(forward, words_b[facts], words_a[facts])
            return ProbeGroup(
                name=name,
                trained=trained,
                tokens=np.concatenate([first, way[:, None], last], axis=1),
                answer_start=k + 1,
                facts=facts,
                directions=np.array(["forward", "backward"])[way],
                candidates=np.where(forward, alphabet_b, alphabet_a),
            )

        training = np.arange(n_train)
        validation = np.arange(n_train, n_train + n_validation)
        both = np.zeros_like(training)
        groups = (
            ask("train_forward", True, training, both + FORWARD),
            ask("train_backward", True, training, both + BACKWARD),
            ask("train_seen", True, validation, taught),
            ask("validation", False, validation, 1 - taught),
        )
        titles = (
            "training pairs: A to B",
            "training pairs: B to A",
            "validation pairs: seen direction",
            "validation pairs: unseen direction",
        )
        tokens, facts, directions = merge_groups(groups)
        return Corpus(
            tokens=tokens,
            facts=facts,
            directions=directions,
            names=token_names(self.vocab_size, ("→", "←"), {"A": alphabet_a, "B": alphabet_b}),
            entity_spans=((0, k), (k + 1, 2 * k + 1)),
            relation_positions=(k,),
            groups=groups,
            panels=panels_of(groups, titles, k),
        )

"""The chain-of-thought task: A → B and B → C are taught; A ⇝ C is asked without the middle step."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
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

STEP, LEAP = 0, 1  # the relation tokens → and ⇝


class Chain(TaskConfig):
    """Triples (A, B, C); of validation triples only the two steps are taught.

        triple          taught                       asked
        training        A → B,  B → C,  A ⇝ C        (all known)
        validation      A → B,  B → C                A ⇝ ?

    Construction and sizes: paper section 1 [S]; the caps at entity length 3 are the reversal
    task's, carried over [R]. Groups: `train_a_to_b`, `train_b_to_c`, `train_a_to_c` (training
    triples), `train_seen_a_to_b`, `train_seen_b_to_c` (the taught steps of validation triples),
    `validation`.

    Parameters:
        vocab_size: entity tokens V; the model's vocabulary is V + 2.
        entity_length: tokens in an entity, 1 to 3.
        train_share: share of triples that are training triples.
        max_train_facts, max_validation_facts: caps on the number of triples. None is the
            paper's rule: 100 and 50 at entity length 3, no cap otherwise.

    Raises:
        pydantic.ValidationError: sizes that leave no training or no validation triple.

    >>> corpus = Chain().corpus(seed=0)
    >>> len(corpus.tokens), len(corpus.group("validation"))
    (540, 60)
    """

    groups: ClassVar = {
        "train_a_to_b": Group("taught", "training triples: A to B"),
        "train_b_to_c": Group("taught", "training triples: B to C"),
        "train_a_to_c": Group("taught", "training triples: A to C"),
        "train_seen_a_to_b": Group("taught", "validation triples: A to B"),
        "train_seen_b_to_c": Group("taught", "validation triples: B to C"),
        "validation": Group("held_out", "validation triples: A to C (unseen)"),
    }

    kind: Literal["chain"] = "chain"
    vocab_size: Annotated[int, Field(ge=4, le=1_000_000)] = 800
    entity_length: Annotated[int, Field(ge=1, le=3)] = 1
    train_share: Annotated[float, Field(gt=0, lt=1)] = 0.7
    max_train_facts: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None
    max_validation_facts: Annotated[int, Field(ge=1, le=MAX_COUNT)] | None = None

    @model_validator(mode="after")
    def _sizes_work(self) -> Chain:
        require_both_parts(self.vocab_size, self.entity_length, self.train_share)
        return self

    @property
    def sizes(self) -> tuple[int, int]:
        """Training triples and validation triples."""
        triples = word_count(self.vocab_size, self.entity_length)
        return cap_facts(
            split(triples, self.train_share),
            self.entity_length,
            self.max_train_facts,
            self.max_validation_facts,
        )

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of this seed."""
        rng = np.random.default_rng(seed)
        k, a = self.entity_length, alphabet_size(self.vocab_size)
        triples = word_count(self.vocab_size, k)
        n_train, n_validation = self.sizes
        self.require_memory(self.vocab_size, 3 * (n_train + n_validation), 2 * k + 1, a)

        alphabets = dict(
            zip("ABC", draw_alphabets(rng, self.vocab_size, [a, a, a], first_id=2), strict=True)
        )
        words = {letter: draw_words(rng, alphabets[letter], k, triples) for letter in "ABC"}

        def ask(name: str, facts: Int[np.ndarray, " f"], way: str, relation: int) -> ProbeGroup:
            told = self.groups[name]
            first, last = tuple(way)
            column = np.full((len(facts), 1), relation)
            return ProbeGroup(
                name=name,
                told=told,
                trained=told.role == "taught",
                tokens=np.concatenate([words[first][facts], column, words[last][facts]], axis=1),
                answer_start=k + 1,
                facts=facts,
                directions=np.full(len(facts), f"{first}_to_{last}".lower()),
                candidates=np.tile(alphabets[last], (len(facts), 1)),
            )

        training = np.arange(n_train)
        validation = np.arange(n_train, n_train + n_validation)
        groups = (
            ask("train_a_to_b", training, "AB", STEP),
            ask("train_b_to_c", training, "BC", STEP),
            ask("train_a_to_c", training, "AC", LEAP),
            ask("train_seen_a_to_b", validation, "AB", STEP),
            ask("train_seen_b_to_c", validation, "BC", STEP),
            ask("validation", validation, "AC", LEAP),
        )
        return Corpus.of(
            groups,
            names=token_names(self.vocab_size, ("→", "⇝"), alphabets),
            entity_spans=((0, k), (k + 1, 2 * k + 1)),
            relation_positions=(k,),
        )

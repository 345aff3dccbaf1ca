"""The chain task with related entities: `x i`, `y i`, `z i` share the index token i."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
from retrodict.tasks._words import TaskConfig, draw_alphabets, token_names

STEP, LEAP = 0, 1  # the relation tokens → and ⇝


class RelatedChain(TaskConfig):
    """Three fixed tokens x, y, z, many index tokens i; entities are words `x i`, `y i`, `z i`.

        triple          taught                                   asked
        training        x i → y i,  y i → z i,  x i ⇝ z i        (all known)
        validation      x i → y i,  y i → z i                    x i ⇝ ?

    Construction: paper section 1 [S]. The answer's first token is always one of x, y, z; knowing
    which entity is meant shows in the second. Groups: `train_x_to_y`, `train_y_to_z`,
    `train_x_to_z`, `train_seen_x_to_y`, `train_seen_y_to_z`, `validation`. No effective-weight
    panels: all entities of a column share their first token.

    Parameters:
        vocab_size: entity tokens V; the model's vocabulary is V + 2.
        index_tokens: how many of them are index tokens.
        train_triples, validation_triples: how many index tokens each kind uses.

    Raises:
        pydantic.ValidationError: more triples than index tokens, or more tokens than there are.

    >>> corpus = RelatedChain().corpus(seed=0)
    >>> len(corpus.tokens), len(corpus.group("validation"))
    (700, 50)
    """

    groups: ClassVar = {
        "train_x_to_y": Group("taught"),
        "train_y_to_z": Group("taught"),
        "train_x_to_z": Group("taught"),
        "train_seen_x_to_y": Group("taught"),
        "train_seen_y_to_z": Group("taught"),
        "validation": Group("held_out"),
    }

    kind: Literal["related_chain"] = "related_chain"
    vocab_size: Annotated[int, Field(ge=5, le=1_000_000)] = 800
    index_tokens: Annotated[int, Field(ge=2, le=MAX_COUNT)] = 600
    train_triples: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 200
    validation_triples: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 50

    @model_validator(mode="after")
    def _sizes_work(self) -> RelatedChain:
        if self.index_tokens + 3 > self.vocab_size:
            raise ValueError(
                f"index_tokens {self.index_tokens} and x, y, z need a vocab_size of at least "
                f"{self.index_tokens + 3}, not {self.vocab_size}"
            )
        if self.train_triples + self.validation_triples > self.index_tokens:
            raise ValueError(
                f"train_triples {self.train_triples} + validation_triples "
                f"{self.validation_triples} need as many index_tokens, not {self.index_tokens}"
            )
        return self

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of this seed."""
        triples = self.train_triples + self.validation_triples
        self.require_memory(self.vocab_size, 3 * triples, 5, 3)
        rng = np.random.default_rng(seed)
        fixed, index = draw_alphabets(rng, self.vocab_size, [3, self.index_tokens], first_id=2)
        letter = dict(zip("xyz", fixed, strict=True))

        def ask(name: str, facts: Int[np.ndarray, " f"], way: str, relation: int) -> ProbeGroup:
            told = self.groups[name]
            first, last = (np.full(len(facts), letter[w]) for w in way)
            return ProbeGroup(
                name=name,
                told=told,
                trained=told.role == "taught",
                tokens=np.stack(
                    [first, index[facts], np.full(len(facts), relation), last, index[facts]], axis=1
                ),
                answer_start=3,
                facts=facts,
                directions=np.full(len(facts), f"{way[0]}_to_{way[1]}"),
                candidates=np.tile(fixed, (len(facts), 1)),
            )

        training = np.arange(self.train_triples)
        validation = np.arange(self.train_triples, self.train_triples + self.validation_triples)
        groups = (
            ask("train_x_to_y", training, "xy", STEP),
            ask("train_y_to_z", training, "yz", STEP),
            ask("train_x_to_z", training, "xz", LEAP),
            ask("train_seen_x_to_y", validation, "xy", STEP),
            ask("train_seen_y_to_z", validation, "yz", STEP),
            ask("validation", validation, "xz", LEAP),
        )
        names = list(token_names(self.vocab_size, ("→", "⇝"), {"i": index}))
        for symbol, token in letter.items():
            names[token] = symbol
        return Corpus.of(
            groups,
            names=names,
            entity_spans=((0, 2), (3, 5)),
            relation_positions=(2,),
        )

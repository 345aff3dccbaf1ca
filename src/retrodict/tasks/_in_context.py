"""The in-context reversal task: the prompt states the fact, which only has to be reversed."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
from retrodict.tasks._task import TaskConfig
from retrodict.tasks._words import draw_alphabets, split, token_names

ARROW, BACK, SAME = 0, 1, 2  # the special tokens →, ←, ⇔


class InContext(TaskConfig):
    """Every x with every y, in sentences that state a fact and reverse it.

        x → y ⇔ y ← x       taught for some y of each x, asked (the last x) for the others

    Construction: paper section 1 [S]; the curse does not occur here [N]. Groups: `train`,
    `validation`; the question is the last token, given the six before it.

    Parameters:
        vocab_size: entity tokens V; the model's vocabulary is V + 3.
        x_tokens, y_tokens: how many tokens of each kind are drawn.
        train_share: share of the y of each x that is taught.

    Raises:
        pydantic.ValidationError: more x and y than entity tokens, or a share that leaves an x
            without a taught or without a held-out y.

    >>> corpus = InContext().corpus(seed=0)
    >>> len(corpus.tokens), len(corpus.group("validation"))
    (700, 300)
    """

    groups: ClassVar = {"train": Group("taught"), "validation": Group("held_out")}

    kind: Literal["in_context"] = "in_context"
    vocab_size: Annotated[int, Field(ge=4, le=1_000_000)] = 400
    x_tokens: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 100
    y_tokens: Annotated[int, Field(ge=2, le=MAX_COUNT)] = 10
    train_share: Annotated[float, Field(gt=0, lt=1)] = 0.7

    @model_validator(mode="after")
    def _sizes_work(self) -> InContext:
        if self.x_tokens + self.y_tokens > self.vocab_size:
            raise ValueError(
                f"x_tokens {self.x_tokens} + y_tokens {self.y_tokens} need a vocab_size of at "
                f"least {self.x_tokens + self.y_tokens}, not {self.vocab_size}"
            )
        taught, held_out = split(self.y_tokens, self.train_share)
        if not taught or not held_out:
            raise ValueError(
                f"train_share {self.train_share} of {self.y_tokens} y_tokens leaves {taught} for "
                f"training and {held_out} for validation, and each needs at least one"
            )
        return self

    def corpus(self, seed: int) -> Corpus:
        """Draw the corpus of this seed."""
        self.require_memory(self.vocab_size, self.x_tokens * self.y_tokens, 7, self.x_tokens)
        rng = np.random.default_rng(seed)
        xs, ys = draw_alphabets(rng, self.vocab_size, [self.x_tokens, self.y_tokens], first_id=3)
        taught, _ = split(self.y_tokens, self.train_share)
        # column j of row i: the j-th y that x_i meets; the first `taught` columns are trained on
        partner = rng.permuted(np.tile(np.arange(self.y_tokens), (self.x_tokens, 1)), axis=1)

        def ask(name: str, columns: slice) -> ProbeGroup:
            told = self.groups[name]
            chosen = partner[:, columns]
            i, j = np.repeat(np.arange(self.x_tokens), chosen.shape[1]), chosen.ravel()
            x, y = xs[i], ys[j]
            special = {s: np.full_like(x, s) for s in (ARROW, BACK, SAME)}
            return ProbeGroup(
                name=name,
                told=told,
                trained=told.role == "taught",
                tokens=np.stack([x, special[ARROW], y, special[SAME], y, special[BACK], x], axis=1),
                answer_start=6,
                facts=i * self.y_tokens + j,
                directions=np.full(len(x), "backward"),
                candidates=np.tile(xs, (len(x), 1)),
            )

        groups = (ask("train", slice(0, taught)), ask("validation", slice(taught, None)))
        return Corpus.of(
            groups,
            names=token_names(self.vocab_size, ("→", "←", "⇔"), {"x": xs, "y": ys}),
            entity_spans=((0, 1), (2, 3), (4, 5), (6, 7)),
            relation_positions=(1, 3, 5),
        )

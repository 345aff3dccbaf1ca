"""The pairs task of the bilinear analysis: x → y for every pair, y → x for all pairs but some."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field, field_validator, model_validator

from retrodict.limits import MAX_COUNT
from retrodict.tasks._corpus import Corpus, Group, ProbeGroup
from retrodict.tasks._task import TaskConfig

Index = Annotated[int, Field(ge=0, le=MAX_COUNT)]


class Pairs(TaskConfig):
    """Pairs (x, y) of single tokens, without a relation token: what the bilinear model reads.

        pair              taught              asked
        trained backward  x → y,  y → x       (both known)
        held out          x → y               y → ?

    Tokens 0 … n−1 are the x, n … 2n−1 the y, the others are never used. Nothing is drawn: every
    seed gives the same corpus, and learners differ by their embeddings alone (paper section 4 [N]).
    Groups: `train_forward`, `train_backward`, `validation`; one without questions is left out.

    Parameters:
        n: pairs.
        m: tokens in the vocabulary, at least 2n. There are no special tokens.
        backward: which pairs are also taught backward: `all_but_first` (the paper's), `all`,
            `none`, or a list of their numbers, 0 to n − 1.

    Raises:
        pydantic.ValidationError: n pairs do not fit into m tokens, or a number is not that of a
            pair.

    >>> corpus = Pairs(n=3, m=8).corpus(seed=0)
    >>> [corpus.render(sentence) for sentence in corpus.tokens]
    ['x0 y0', 'x1 y1', 'x2 y2', 'y1 x1', 'y2 x2']
    >>> corpus.render(corpus.group("validation").tokens[0])
    'y0 x0'
    """

    groups: ClassVar = {
        "train_forward": Group("taught", "pairs: x to y"),
        "train_backward": Group("taught", "pairs: y to x, taught"),
        "validation": Group("held_out", "pairs: y to x, unseen"),
    }

    kind: Literal["pairs"] = "pairs"
    n: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 20
    m: Annotated[int, Field(ge=2, le=1_000_000)] = 100
    backward: Literal["all_but_first", "all", "none"] | tuple[Index, ...] = "all_but_first"

    @field_validator("backward", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if isinstance(value, str) and value not in ("all_but_first", "all", "none"):
            raise ValueError(
                f"{value!r} is not known; choose from all_but_first, all, none, or a list of "
                "pair numbers"
            )
        if isinstance(value, list | tuple) and all(type(number) is int for number in value):
            return tuple(sorted(set(value)))
        return tuple(value) if isinstance(value, list) else value

    @model_validator(mode="after")
    def _pairs_fit(self) -> Pairs:
        if 2 * self.n > self.m:
            raise ValueError(
                f"n = {self.n} pairs need {2 * self.n} tokens and m is {self.m}; "
                f"m must be at least {2 * self.n}, or n at most {self.m // 2}"
            )
        if not isinstance(self.backward, str) and self.backward and max(self.backward) >= self.n:
            raise ValueError(
                f"backward names pair {max(self.backward)}, and pairs are 0 to {self.n - 1}"
            )
        return self

    @property
    def vocab_size(self) -> int:
        """Tokens in the vocabulary: m."""
        return self.m

    @property
    def trained_backward(self) -> tuple[int, ...]:
        """The numbers of the pairs that are also taught backward."""
        match self.backward:
            case "all_but_first":
                return tuple(range(1, self.n))
            case "all":
                return tuple(range(self.n))
            case "none":
                return ()
        return tuple(int(number) for number in self.backward)

    def corpus(self, seed: int) -> Corpus:
        """Return the corpus; it is the same for every seed."""
        self.require_memory(self.m, 2 * self.n, 2, self.n)
        x, y = np.arange(self.n), np.arange(self.n, 2 * self.n)
        taught = np.array(self.trained_backward, dtype=np.int64)
        held_out = np.setdiff1d(x, taught)

        def ask(name: str, facts: Int[np.ndarray, " f"], forward: bool) -> ProbeGroup:
            told = self.groups[name]
            source, target = (x, y) if forward else (y, x)
            return ProbeGroup(
                name=name,
                told=told,
                trained=told.role == "taught",
                tokens=np.stack([source[facts], target[facts]], axis=1),
                answer_start=1,
                facts=facts,
                directions=np.full(len(facts), "forward" if forward else "backward"),
                candidates=np.broadcast_to(target, (len(facts), self.n)),
            )

        asked = (
            ask("train_forward", x, forward=True),
            ask("train_backward", taught, forward=False),
            ask("validation", held_out, forward=False),
        )
        groups = tuple(group for group in asked if len(group))
        names = [*(f"x{i}" for i in x), *(f"y{i}" for i in x)]
        return Corpus.of(
            groups,
            names=(*names, *(f"·{i}" for i in range(2 * self.n, self.m))),
            entity_spans=((0, 1), (1, 2)),
            relation_positions=(),
        )

"""Alphabets and the words over them: the raw material of every task's entities."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import ClassVar

import numpy as np
from jaxtyping import Int

from retrodict.config import FrozenConfig
from retrodict.limits import require_memory
from retrodict.tasks._corpus import Group


class TaskConfig(FrozenConfig):
    """Base of every task: a frozen record that refuses unknown keys and wrong types.

    Attributes:
        groups: the probe groups of its corpora by name, in order; some may have no questions.
    """

    groups: ClassVar[Mapping[str, Group]]

    def require_memory(self, vocab_size: int, questions: int, length: int, candidates: int) -> None:
        """Refuse a corpus that would not fit into memory, before it is drawn.

        Args:
            vocab_size: names, of about eight numbers' size each.
            questions: sentences of all probe groups together.
            length: tokens of each.
            candidates: of each.

        Raises:
            BadInput: it would not.
        """
        numbers = 2 * questions * (length + candidates) + 8 * vocab_size  # twice: while drawn
        require_memory(8 * numbers, "task: its corpus", "make the task smaller")


def alphabet_size(vocab_size: int) -> int:
    """Tokens in one alphabet: a quarter of the entity tokens, rounded down [S].

    >>> alphabet_size(50)
    12
    """
    return vocab_size // 4


def word_count(vocab_size: int, entity_length: int) -> int:
    """Words kept of one alphabet: all `a**k` of them, at most `2a` [S].

    >>> word_count(800, 1), word_count(800, 2)
    (200, 400)
    """
    a = alphabet_size(vocab_size)
    words: int = a**entity_length
    return min(words, 2 * a)


def split(facts: int, train_share: float) -> tuple[int, int]:
    """How many of the facts are training facts and how many validation facts [S].

    Rounds half to even, as the paper's table of sizes needs.

    >>> split(5, 0.7), split(12, 0.7)
    ((4, 1), (8, 4))
    """
    train = round(train_share * facts)
    return train, facts - train


def cap_facts(
    sizes: tuple[int, int], entity_length: int, max_train: int | None, max_validation: int | None
) -> tuple[int, int]:
    """Cut (training, validation) to the caps; None is the paper's rule for this entity length."""
    paper = (100, 50) if entity_length == 3 else sizes
    train_cap = paper[0] if max_train is None else max_train
    validation_cap = paper[1] if max_validation is None else max_validation
    return min(sizes[0], train_cap), min(sizes[1], validation_cap)


def require_both_parts(vocab_size: int, entity_length: int, train_share: float) -> None:
    """Refuse sizes that leave no training fact or no validation fact.

    Raises:
        ValueError: names the smallest vocab_size that works with the other options.
    """
    if _has_both_parts(vocab_size, entity_length, train_share):
        return
    facts = word_count(vocab_size, entity_length)
    train, validation = split(facts, train_share)
    # more words leave no fewer facts on either side, so the first that works can be bisected for
    sizes = range(4, 100_000, 4)
    found = bisect_left(sizes, True, key=lambda v: _has_both_parts(v, entity_length, train_share))
    remedy = (
        f"the smallest vocab_size that works here is {sizes[found]}"
        if found < len(sizes)
        else "no vocab_size works with this train_share; choose one further from 0 and 1"
    )
    raise ValueError(
        f"vocab_size {vocab_size} gives {facts} facts: {train} for training and {validation} for "
        f"validation, and each needs at least one; {remedy}"
    )


def _has_both_parts(vocab_size: int, entity_length: int, train_share: float) -> bool:
    train, validation = split(word_count(vocab_size, entity_length), train_share)
    return train > 0 and validation > 0


def draw_alphabets(
    rng: np.random.Generator, vocab_size: int, sizes: Sequence[int], first_id: int
) -> list[Int[np.ndarray, " letter"]]:
    """Draw disjoint alphabets out of the entity tokens, ids `first_id` and up."""
    shuffled = rng.permutation(vocab_size) + first_id
    ends = np.cumsum(sizes)
    return [shuffled[end - size : end] for size, end in zip(sizes, ends, strict=True)]


def draw_words(
    rng: np.random.Generator, alphabet: Int[np.ndarray, " letter"], length: int, count: int
) -> Int[np.ndarray, "word length"]:
    """Draw `count` different words over an alphabet, uniformly and in random order.

    A word is a number in base `len(alphabet)`; numbers are drawn without listing all of them, so
    500³ possible words cost no more than the few that are kept.
    """
    base = len(alphabet)
    numbers = rng.choice(base**length, size=count, replace=False, shuffle=True)
    digits = numbers[:, None] // base ** np.arange(length - 1, -1, -1) % base
    return alphabet[digits]


def token_names(
    vocab_size: int, specials: Sequence[str], alphabets: dict[str, Int[np.ndarray, " letter"]]
) -> tuple[str, ...]:
    """Name every token id: the specials' symbols, `A0, A1, …` per alphabet, `·17` if unused."""
    names = [*specials, *(f"·{token}" for token in range(vocab_size))]
    for letter, tokens in alphabets.items():
        for i, token in enumerate(tokens):
            names[token] = f"{letter}{i}"
    return tuple(names)

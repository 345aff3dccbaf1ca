"""Masked prediction: some tokens are hidden, and predicted from all the others."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field

from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions
from retrodict.tasks import Corpus

Rate = Annotated[float, Field(gt=0, lt=1)]


class Masked(ObjectiveConfig):
    """Hide tokens of a sentence anew every epoch, and predict them.

        sentence                A → B
        in_place (encoder)      [M] → B              predicts A in its own place
        copy (decoder)          [M] → B ¦ A →        predicts A where the copy repeats it
        asked: B ← ?            B ← [M]              B ← [M] ¦ B ←

    `in_place` needs `model.attention: bidirectional`; `copy` keeps a causal model, which reads the
    sentence with holes and then, behind `¦`, the whole one: masked prediction in a decoder.
    Sources: Devlin et al. 2018 for the fixed rate; Kitouni et al. 2024, "The factorization curse",
    arXiv 2406.05183, for the uniform one, MLM-U [N]; the copying layout is ours [R].

    Parameters:
        rate: each token is hidden with this probability, e.g. 0.15, and hidden ones count alike;
            or `uniform`: first how many, 1 to all, then which, each sentence counting alike:
            every order of finding the tokens is as likely as any other.
        layout: `in_place` or `copy`.
    """

    kind: Literal["masked"] = "masked"
    rate: Rate | Literal["uniform"] = 0.15
    layout: Literal["in_place", "copy"] = "in_place"

    @property
    def redraws_each_epoch(self) -> bool:
        """Always: what is hidden is drawn anew every epoch."""
        return True

    @property
    def reads_both_sides(self) -> bool:
        """Only in place."""
        return self.layout == "in_place"

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """A token to hide with, and one before the copy."""
        return ("[M]",) if self.layout == "in_place" else ("[M]", "¦")

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Draw what is hidden."""
        hidden, weights = self._draw(rng, corpus.tokens.shape)
        if self.layout == "in_place":
            return in_place(corpus, hidden, weights)
        mask, bar = corpus.vocab_size - 2, corpus.vocab_size - 1
        tokens = corpus.tokens
        holes = np.where(hidden, mask, tokens)
        column = np.full((len(tokens), 1), bar)
        inputs = np.concatenate([holes, column, tokens[:, :-1]], axis=1)
        return Examples(inputs, tokens.shape[1], tokens, weights=weights)

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Hide everything behind the prompt: what is asked, and what lies around it."""
        if self.layout == "in_place":
            return asked_in_place(corpus, prompts, answers.shape[1], start)
        mask, bar = corpus.vocab_size - 2, corpus.vocab_size - 1
        end, n = prompts.shape[1], answers.shape[1]
        holes = np.full((len(prompts), corpus.tokens.shape[1] - end), mask)
        column = np.full((len(prompts), 1), bar)
        # a copy cannot skip: tokens between prompt and answer are repeated as holes
        between = np.full((len(prompts), start - end), mask)
        inputs = np.concatenate([prompts, holes, column, prompts, between, answers[:, :-1]], axis=1)
        first = inputs.shape[1] - n
        return Questions(inputs, tuple(range(first, first + n)))

    def _draw(
        self, rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[Bool[np.ndarray, "sentence place"], Float[np.ndarray, "sentence place"]]:
        """Draw what is hidden, and what each prediction counts."""
        count, length = shape
        ranks = rng.random(shape).argsort(axis=1).argsort(axis=1)
        if self.rate == "uniform":
            how_many = rng.integers(1, length + 1, size=(count, 1))
            hidden = ranks < how_many
            return hidden, hidden * (length / how_many)
        hidden = rng.random(shape) < self.rate
        return hidden, hidden / self.rate


class Diffusion(ObjectiveConfig):
    """Masked diffusion: at a time t, uniform in (0, 1), each token is hidden with probability t.

        time      0            ½            1
        sentence  A → B        A [M] B      [M] [M] [M]

    A hidden token's prediction counts 1/t: the mean is then an upper bound of −log p(sentence),
    the negative evidence bound of absorbing diffusion. A question hides just what it asks.
    Sources: Austin et al. 2021 (absorbing diffusion); Nie et al. 2025, arXiv 2502.09992 (for
    language) [N]. Needs `model.attention: bidirectional`.
    """

    kind: Literal["diffusion"] = "diffusion"

    @property
    def redraws_each_epoch(self) -> bool:
        """Always: time and holes are drawn anew every epoch."""
        return True

    @property
    def reads_both_sides(self) -> bool:
        """Always."""
        return True

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """A token to hide with."""
        return ("[M]",)

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Draw a time for each sentence, and what is hidden then."""
        count, length = corpus.tokens.shape
        time = 1 - rng.random((count, 1))  # in (0, 1]
        hidden = rng.random((count, length)) < time
        return in_place(corpus, hidden, hidden / time)

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Hide everything behind the prompt: what is asked, and what lies around it."""
        return asked_in_place(corpus, prompts, answers.shape[1], start)


def in_place(
    corpus: Corpus,
    hidden: Bool[np.ndarray, "sentence place"],
    weights: Float[np.ndarray, "sentence place"],
) -> Examples:
    """Feed sentences with holes, the vocabulary's last token, and predict what they hide."""
    holes = np.where(hidden, corpus.vocab_size - 1, corpus.tokens)
    return Examples(holes, 0, corpus.tokens, weights=weights)


def asked_in_place(
    corpus: Corpus, prompts: Int[np.ndarray, "question prompt"], answer: int, start: int
) -> Questions:
    """Hide everything behind the prompt, to the end of a sentence as it is trained."""
    length, end = corpus.tokens.shape[1], prompts.shape[1]
    holes = np.full((len(prompts), length - end), corpus.vocab_size - 1)
    return Questions(np.concatenate([prompts, holes], axis=1), tuple(range(start, start + answer)))

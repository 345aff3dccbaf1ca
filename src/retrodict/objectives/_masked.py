"""Masked prediction: random tokens are hidden and predicted from the others."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from pydantic import Field

from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions
from retrodict.tasks import Corpus

Rate = Annotated[float, Field(gt=0, lt=1)]


class Masked(ObjectiveConfig):
    """Hide random tokens of every sentence, chosen again each epoch, and predict them.

        sentence                A → B
        in_place (encoder)      [M] → B              predicts A in its own place
        copy (decoder)          [M] → B ¦ A →        predicts A where the copy repeats it
        asked: B ← ?            B ← [M]              B ← [M] ¦ B ←

    `in_place` needs `model.attention: bidirectional`. `copy` is masked prediction in a causal
    decoder, which reads the sentence with hidden tokens and then, after `¦`, the complete sentence.
    Sources: Devlin et al. 2018 for the fixed rate; Kitouni et al. 2024, "The factorization curse",
    arXiv 2406.05183, for the uniform one, MLM-U [N]; the layout `copy` is ours [R].

    Parameters:
        rate: the probability of hiding a token, with equal weights of all hidden tokens; or
            `uniform`, which draws first the number of hidden tokens, from 1 to all, and then which,
            with equal weights of all sentences. Then every order of revealing is equally likely.
        layout: `in_place` or `copy`.
    """

    redraws_each_epoch = True

    kind: Literal["masked"] = "masked"
    rate: Rate | Literal["uniform"] = 0.15
    layout: Literal["in_place", "copy"] = "in_place"

    @property
    def reads_both_sides(self) -> bool:
        """True in the layout `in_place`."""
        return self.layout == "in_place"

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Return the token that hides others and, for `copy`, the one before the copy."""
        return ("[M]",) if self.layout == "in_place" else ("[M]", "¦")

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Hide random tokens of each sentence."""
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
        """Hide all tokens after the prompt, and ask for those at the answer's position."""
        if self.layout == "in_place":
            return asked_in_place(corpus, prompts, answers.shape[1], start)
        mask, bar = corpus.vocab_size - 2, corpus.vocab_size - 1
        end, n = prompts.shape[1], answers.shape[1]
        holes = np.full((len(prompts), corpus.tokens.shape[1] - end), mask)
        column = np.full((len(prompts), 1), bar)
        # the copy has every position: tokens between prompt and answer are holes
        between = np.full((len(prompts), start - end), mask)
        inputs = np.concatenate([prompts, holes, column, prompts, between, answers[:, :-1]], axis=1)
        first = inputs.shape[1] - n
        return Questions(inputs, tuple(range(first, first + n)))

    def _draw(
        self, rng: np.random.Generator, shape: tuple[int, ...]
    ) -> tuple[Bool[np.ndarray, "sentence place"], Float[np.ndarray, "sentence place"]]:
        """Draw which tokens are hidden; return that and the weight of each prediction."""
        count, length = shape
        ranks = rng.random(shape).argsort(axis=1).argsort(axis=1)
        if self.rate == "uniform":
            how_many = rng.integers(1, length + 1, size=(count, 1))
            hidden = ranks < how_many
            return hidden, hidden * (length / how_many)
        hidden = rng.random(shape) < self.rate
        return hidden, hidden / self.rate


class Diffusion(ObjectiveConfig):
    """Masked diffusion: hide each token of a sentence with probability t, for uniform t in (0, 1].

        time      0            ½            1
        sentence  A → B        A [M] B      [M] [M] [M]

    The prediction of a hidden token has weight 1/t. So the mean loss is an upper bound of
    −log p(sentence), the negative evidence bound of absorbing diffusion. Sources: Austin et al.
    2021 (absorbing diffusion); Nie et al. 2025, arXiv 2502.09992 (for language) [N]. Needs
    `model.attention: bidirectional`.
    """

    redraws_each_epoch = True

    kind: Literal["diffusion"] = "diffusion"

    @property
    def reads_both_sides(self) -> bool:
        """True."""
        return True

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Return the token that hides others."""
        return ("[M]",)

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Draw a time for each sentence, and hide tokens with that probability."""
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
        """Hide all tokens after the prompt, and ask for those at the answer's position."""
        return asked_in_place(corpus, prompts, answers.shape[1], start)


def in_place(
    corpus: Corpus,
    hidden: Bool[np.ndarray, "sentence place"],
    weights: Float[np.ndarray, "sentence place"],
) -> Examples:
    """Make examples with hidden tokens, whose predictions are at their own positions."""
    holes = np.where(hidden, corpus.vocab_size - 1, corpus.tokens)
    return Examples(holes, 0, corpus.tokens, weights=weights)


def asked_in_place(
    corpus: Corpus, prompts: Int[np.ndarray, "question prompt"], answer: int, start: int
) -> Questions:
    """Hide all tokens after the prompt, up to the length of a training sentence."""
    length, end = corpus.tokens.shape[1], prompts.shape[1]
    holes = np.full((len(prompts), length - end), corpus.vocab_size - 1)
    return Questions(np.concatenate([prompts, holes], axis=1), tuple(range(start, start + answer)))

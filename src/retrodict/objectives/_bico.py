"""Bidirectional denoising in a causal model, mixed with next-token prediction."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions, causal_questions
from retrodict.tasks import Corpus


class Bico(ObjectiveConfig):
    """Teach every sentence twice per epoch: by next-token prediction and by denoising.

        sentence               ^ A → B
        next token             predicts B                       (causal attention)
        denoising              ^ [M] → B    predicts A from ^   (bidirectional attention)

    A hidden token is predicted at the position before its own, as in next-token prediction. `^`
    opens every sentence, so that the first entity has a position before it. Questions are causal:
    `^ B ← ?`. Source: Lv et al. 2023, arXiv 2311.07468 (BICO) [N]; the mixture of the two kinds of
    example is ours [R].

    Parameters:
        rate: probability of hiding a token.
    """

    redraws_each_epoch = True
    mixes_attention = True

    kind: Literal["bico"] = "bico"
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.15

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Return the token that hides others, and the one that opens a sentence."""
        return ("[M]", "^")

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Make two examples of each sentence: next token, then denoising."""
        tokens, (mask, opening) = corpus.tokens, (corpus.vocab_size - 2, corpus.vocab_size - 1)
        count, length = tokens.shape
        hidden = rng.random(tokens.shape) < self.rate
        column = np.full((count, 1), opening)
        whole = np.concatenate([column, tokens], axis=1)
        holes = np.concatenate([column, np.where(hidden, mask, tokens)], axis=1)
        targets = np.concatenate([tokens, column], axis=1)  # the last position has weight 0
        answer = np.arange(length + 1) >= corpus.answer_start
        answer[-1] = False
        causal = np.broadcast_to(answer * ((length + 1) / answer.sum()), targets.shape)
        denoising = np.pad(hidden / self.rate, ((0, 0), (0, 1))) * ((length + 1) / length)
        return Examples(
            inputs=np.concatenate([whole, holes]),
            first=0,
            targets=np.concatenate([targets, targets]),
            weights=np.concatenate([causal, denoising]),
            bidirectional=np.repeat([False, True], count),
        )

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Put `^` before the prompt, and ask what follows."""
        opening = np.full((len(prompts), 1), corpus.vocab_size - 1)
        return causal_questions(np.concatenate([opening, prompts], axis=1), answers)

"""Next-token prediction: every token from those before it, on the last entity or everywhere."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Int

from retrodict.objectives._examples import (
    Examples,
    ObjectiveConfig,
    Questions,
    causal_questions,
)
from retrodict.tasks import Corpus


class NextToken(ObjectiveConfig):
    """Predict each token of a span from all tokens before it.

        whole_sequence      A  →  B        last_entity         A  →  B
        predicts            →  B           predicts               B

    The last token of a sentence is never an input: nothing is predicted from it.

    Parameters:
        span: `last_entity` (the paper's default) or `whole_sequence` [S].

    >>> from retrodict.tasks import Reversal
    >>> corpus = Reversal(vocab_size=20).corpus(0)
    >>> NextToken().examples(corpus, np.random.default_rng()).first
    1
    """

    kind: Literal["next_token"] = "next_token"
    span: Literal["last_entity", "whole_sequence"] = "last_entity"

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Lay out the training sentences of a corpus as inputs and targets."""
        starts = corpus.sentence_answer_starts
        if self.span == "whole_sequence":
            starts = np.ones_like(starts)
        start = int(starts.min())
        laid_out = next_token_examples(corpus.tokens, start)
        if (starts == start).all() and corpus.lengths is None:
            return laid_out
        place = np.arange(start, corpus.tokens.shape[1])
        counts = (place >= starts[:, None]) & (place < corpus.sentence_lengths[:, None])
        return Examples(
            laid_out.inputs, laid_out.first, laid_out.targets, weights=counts / counts.mean()
        )

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Put the prompt; what lies between it and the answer is skipped."""
        return causal_questions(prompts, answers)


def next_token_examples(tokens: Int[np.ndarray, "example length"], start: int) -> Examples:
    """Predict `tokens[:, start:]`, each from the tokens before it."""
    return Examples(
        inputs=tokens[:, :-1],
        first=start - 1,
        targets=tokens[:, start:],
    )

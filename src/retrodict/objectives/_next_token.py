"""Next-token prediction on the last entity or on the whole sentence."""

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

    The last token of a sentence is never an input, since nothing is predicted from it.

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
        """Make an example of each sentence; padding and earlier tokens have weight 0."""
        tokens, starts = corpus.tokens, corpus.sentence_answer_starts
        if self.span == "whole_sequence":
            starts = np.ones_like(starts)
        start, weights = int(starts.min()), None
        if corpus.lengths is not None or (starts != start).any():
            place = np.arange(start, tokens.shape[1])
            counts = (place >= starts[:, None]) & (place < corpus.sentence_lengths[:, None])
            weights = counts / counts.mean()
        return Examples(tokens[:, :-1], start - 1, tokens[:, start:], weights)

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Ask what follows the prompt; tokens between it and the answer are skipped."""
        return causal_questions(prompts, answers)

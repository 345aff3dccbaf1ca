"""Next-token prediction: every token from those before it, on the last entity or everywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from jaxtyping import Int
from pydantic import BaseModel, ConfigDict

from retrodict.tasks import Corpus


@dataclass(frozen=True, eq=False)
class Examples:
    """What a model is fed and where its output is compared with what.

    Attributes:
        inputs: token ids, shape (example, length).
        first: predictions are made at this position of the input and all later ones.
        targets: the right token at each of those positions, shape (example, position).
    """

    inputs: Int[np.ndarray, "example length"]
    first: int
    targets: Int[np.ndarray, "example position"]


class NextToken(BaseModel):
    """Predict each token of a span from all tokens before it.

        whole_sequence      A  →  B        last_entity         A  →  B
        predicts            →  B           predicts               B

    The last token of a sentence is never an input: nothing is predicted from it.

    Parameters:
        span: `last_entity` (the paper's default) or `whole_sequence` [S].

    >>> from retrodict.tasks import Reversal
    >>> NextToken().examples(Reversal(vocab_size=20).corpus(0)).first
    1
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    kind: Literal["next_token"] = "next_token"
    span: Literal["last_entity", "whole_sequence"] = "last_entity"

    def examples(self, corpus: Corpus) -> Examples:
        """Lay out the training sentences of a corpus as inputs and targets."""
        start = corpus.answer_start if self.span == "last_entity" else 1
        return next_token_examples(corpus.tokens, start)


def next_token_examples(tokens: Int[np.ndarray, "example length"], start: int) -> Examples:
    """Predict `tokens[:, start:]`, each from the tokens before it."""
    return Examples(
        inputs=tokens[:, :-1],
        first=start - 1,
        targets=tokens[:, start:],
    )

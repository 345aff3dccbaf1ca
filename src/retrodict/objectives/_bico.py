"""Bidirectional denoising in a causal model, which is asked causally afterwards."""

from __future__ import annotations

from typing import Annotated, Literal

import numpy as np
from jaxtyping import Int
from pydantic import Field

from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions, causal_questions
from retrodict.tasks import Corpus


class Bico(ObjectiveConfig):
    """Teach every sentence twice an epoch: by next token, and with holes and attention both ways.

        sentence               ^ A → B
        next token             predicts B                       (causal attention)
        denoising              ^ [M] → B    predicts A from ^   (attention both ways)

    A hidden token is predicted one place before its own, as a causal model does; `^` opens every
    sentence, since the first entity needs a place before it. Asked causally: `^ B ← ?`. Source: Lv
    et al. 2023, arXiv 2311.07468 (BICO) [N]; how the two kinds of example are mixed is ours [R].

    Parameters:
        rate: probability of hiding a token.
    """

    kind: Literal["bico"] = "bico"
    rate: Annotated[float, Field(gt=0, lt=1)] = 0.15

    @property
    def redraws_each_epoch(self) -> bool:
        """Always: what is hidden is drawn anew every epoch."""
        return True

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """A token to hide with, and one that opens a sentence."""
        return ("[M]", "^")

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Lay out each sentence once for the next token, once with holes."""
        tokens, (mask, opening) = corpus.tokens, (corpus.vocab_size - 2, corpus.vocab_size - 1)
        count, length = tokens.shape
        hidden = rng.random(tokens.shape) < self.rate
        column = np.full((count, 1), opening)
        whole = np.concatenate([column, tokens], axis=1)
        holes = np.concatenate([column, np.where(hidden, mask, tokens)], axis=1)
        targets = np.concatenate([tokens, column], axis=1)  # behind the last token nothing counts
        answer = np.arange(length + 1) >= corpus.answer_start
        answer[-1] = False
        causal = np.broadcast_to(answer * ((length + 1) / answer.sum()), targets.shape)
        denoising = np.pad(hidden / self.rate, ((0, 0), (0, 1))) * ((length + 1) / length)
        return Examples(
            inputs=np.concatenate([whole, holes]),
            first=0,
            targets=np.concatenate([targets, targets]),
            weights=np.concatenate([causal, denoising]),
            sees_all=np.repeat([False, True], count),
        )

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Open the prompt, and ask what follows."""
        opening = np.full((len(prompts), 1), corpus.vocab_size - 1)
        return causal_questions(np.concatenate([opening, prompts], axis=1), answers)

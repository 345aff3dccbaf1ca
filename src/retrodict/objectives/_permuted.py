"""Any-order prediction: the tokens of a sentence are predicted in a random order."""

from __future__ import annotations

from typing import Literal

import numpy as np
from jaxtyping import Int

from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions
from retrodict.tasks import Corpus


class Permuted(ObjectiveConfig):
    """Write a sentence in a random order, each token after a token that names its position.

        sentence    A → B
        read        ③ B ① A ② →        predicts B, A and →
        asked       ① B ② ← ③          B ← ?

    So a causal model learns every order of the tokens without a change of the model. Sources: Yang
    et al. 2019 (permutation language modelling); Pannatier et al. 2024, σ-GPT [N], which uses a
    second position embedding where we use tokens [R].
    """

    redraws_each_epoch = True

    kind: Literal["permuted"] = "permuted"

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Return one token per position."""
        return tuple(f"#{place + 1}" for place in range(corpus.tokens.shape[1]))

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Draw an order for each sentence."""
        tokens = corpus.tokens
        order = rng.random(tokens.shape).argsort(axis=1)
        first_place = corpus.vocab_size - tokens.shape[1]
        said = np.take_along_axis(tokens, order, axis=1)
        laid_out = np.stack([first_place + order, said], axis=2).reshape(len(tokens), -1)
        weights = np.zeros((len(tokens), laid_out.shape[1] - 1))
        weights[:, ::2] = weights.shape[1] / tokens.shape[1]
        return Examples(laid_out[:, :-1], 0, laid_out[:, 1:], weights=weights)

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Write the prompt in its order, then ask for the answer's positions; skip others."""
        first_place = corpus.vocab_size - corpus.tokens.shape[1]
        places = [*range(prompts.shape[1]), *range(start, start + answers.shape[1])]
        said = np.concatenate([prompts, answers], axis=1)
        named = np.broadcast_to(first_place + np.array(places), said.shape)
        inputs = np.stack([named, said], axis=2).reshape(len(said), -1)[:, :-1]
        n = answers.shape[1]
        last = inputs.shape[1] - 1
        return Questions(inputs, tuple(range(last - 2 * (n - 1), last + 1, 2)))

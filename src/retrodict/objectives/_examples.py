"""What an objective makes of a corpus: examples to learn from, and how a question is put."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from retrodict.config import FrozenConfig
from retrodict.tasks import Corpus


@dataclass(frozen=True, eq=False)
class Examples:
    """What a model is fed and where its output is compared with what.

    The loss of a batch is the mean over its (example, position) of weight × cross-entropy.

    Attributes:
        inputs: token ids, shape (example, length).
        first: predictions are made at this position of the input and all later ones.
        targets: the right token at each of those positions, shape (example, position).
        weights: of each prediction; None: all count 1.
        sees_all: which examples a causal model reads with attention to both sides; None: none.
    """

    inputs: Int[np.ndarray, "example length"]
    first: int
    targets: Int[np.ndarray, "example position"]
    weights: Float[np.ndarray, "example position"] | None = None
    sees_all: Bool[np.ndarray, " example"] | None = None


@dataclass(frozen=True, eq=False)
class Questions:
    """Prompts as a model reads them, and where it answers.

    Attributes:
        inputs: token ids, shape (question, length).
        reads: the position whose output is the answer's first token, its second, ….
    """

    inputs: Int[np.ndarray, "question length"]
    reads: tuple[int, ...]


class ObjectiveConfig(FrozenConfig):
    """Base of every objective: a frozen record that refuses unknown keys and wrong types."""

    @property
    def redraws_each_epoch(self) -> bool:
        """Whether examples are drawn anew every epoch."""
        return False

    @property
    def reads_both_sides(self) -> bool:
        """Whether it asks for a model whose attention is bidirectional."""
        return False

    @property
    def needs_equal_lengths(self) -> bool:
        """Whether all sentences must have one length."""
        return self.redraws_each_epoch

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Name the tokens that it needs beyond the corpus's; they go behind those."""
        return ()

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Lay out the training sentences of a corpus.

        Args:
            corpus: with this objective's own tokens in its vocabulary (`prepared`).
            rng: of this learner and epoch; used only if examples are drawn.
        """
        raise NotImplementedError

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Put questions.

        Args:
            corpus: as in `examples`.
            prompts: the first tokens of some sentences.
            answers: what stands at `start`; later tokens of it may be asked given earlier ones.
            start: where in the sentence the answer stands. Tokens between are not said.
        """
        raise NotImplementedError


def causal_questions(
    prompts: Int[np.ndarray, "question prompt"], answers: Int[np.ndarray, "question answer"]
) -> Questions:
    """Ask what follows a prompt, each token of the answer given those before it."""
    end, n = prompts.shape[1], answers.shape[1]
    inputs = np.concatenate([prompts, answers[:, :-1]], axis=1)
    return Questions(inputs, tuple(range(end - 1, end - 1 + n)))

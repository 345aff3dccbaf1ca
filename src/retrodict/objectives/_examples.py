"""The base of objectives, and what they make of a corpus: training examples and questions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from jaxtyping import Bool, Float, Int

from retrodict.config import FrozenConfig
from retrodict.tasks import Corpus


@dataclass(frozen=True, eq=False)
class Examples:
    """The model's inputs, and the targets of its predictions.

    The loss of a batch is the mean of weight × cross-entropy over its examples and positions.

    Attributes:
        inputs: token ids, shape (example, length).
        first: the first position of the input with a prediction; all later ones have one, too.
        targets: the right token at each of these positions, shape (example, position).
        weights: weight of each prediction; None is 1 for all.
        bidirectional: in which examples a causal model sees all from every position; None is none.
    """

    inputs: Int[np.ndarray, "example length"]
    first: int
    targets: Int[np.ndarray, "example position"]
    weights: Float[np.ndarray, "example position"] | None = None
    bidirectional: Bool[np.ndarray, " example"] | None = None


@dataclass(frozen=True, eq=False)
class Questions:
    """Inputs that ask questions, and the positions of the answers.

    Attributes:
        inputs: token ids, shape (question, length).
        reads: the positions whose outputs are the answer's first token, its second, ….
    """

    inputs: Int[np.ndarray, "question length"]
    reads: tuple[int, ...]


class ObjectiveConfig(FrozenConfig):
    """Base of every objective.

    Attributes:
        kind: which objective it is.
        redraws_each_epoch: whether examples are random, and drawn again every epoch.
        mixes_attention: whether a causal model reads some examples with bidirectional attention.
    """

    kind: str
    redraws_each_epoch: ClassVar[bool] = False
    mixes_attention: ClassVar[bool] = False

    @property
    def reads_both_sides(self) -> bool:
        """Whether it needs a model with bidirectional attention."""
        return False

    @property
    def needs_equal_lengths(self) -> bool:
        """Whether all sentences must have the same length."""
        return self.redraws_each_epoch

    def extra_tokens(self, corpus: Corpus) -> tuple[str, ...]:
        """Return names of the tokens that it appends to the corpus's vocabulary."""
        return ()

    def examples(self, corpus: Corpus, rng: np.random.Generator) -> Examples:
        """Make examples of a corpus's training sentences.

        Args:
            corpus: a corpus whose vocabulary ends with this objective's tokens (`prepared`).
            rng: this learner's and epoch's; used only if examples are random.
        """
        raise NotImplementedError

    def ask(
        self,
        corpus: Corpus,
        prompts: Int[np.ndarray, "question prompt"],
        answers: Int[np.ndarray, "question answer"],
        start: int,
    ) -> Questions:
        """Make inputs that ask for answers.

        Args:
            corpus: as in `examples`.
            prompts: the first tokens of some sentences.
            answers: the tokens from `start` on; later ones may be asked given earlier ones.
            start: the answer's position in the sentence. Tokens between prompt and answer are
                hidden.
        """
        raise NotImplementedError


def causal_questions(
    prompts: Int[np.ndarray, "question prompt"], answers: Int[np.ndarray, "question answer"]
) -> Questions:
    """Ask what follows a prompt, each token of the answer given those before it."""
    end, n = prompts.shape[1], answers.shape[1]
    inputs = np.concatenate([prompts, answers[:, :-1]], axis=1)
    return Questions(inputs, tuple(range(end - 1, end - 1 + n)))

"""The relational model's settings. It is the smallest in which identity sentences break the curse.

The logit of y after (x, r) is `u_xᵀ R_r v_y`. NumPy only.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from jaxtyping import Float, Int
from pydantic import Field

from retrodict.limits import MAX_COUNT
from retrodict.models._config import ModelConfig
from retrodict.models._initial import gaussian
from retrodict.seeds import INIT, stream

FIRST, LAST = 4, 4
"""How many ids at each end of the vocabulary have their own relation matrix."""

RELATIONS = FIRST + LAST
"""Relation matrices per learner, one for each of these ids."""


class Relational(ModelConfig):
    """Entities as vectors, relations as matrices: the logit of y after (x, r) is u_xᵀ R_r v_y [O].

    A prompt is an entity and a relation, `x r`. Relations are the first ids of a vocabulary or, if
    a data addition appended them, the last. There are eight matrices, for the first four and the
    last four ids, so that sizes do not depend on the number of entities. For a prompt without
    relation (`x` alone), the mean of the eight is used. All entries start i.i.d. N(0, σ²). Without
    `training.batch_size`, a step takes all sentences.

    Parameters:
        d: dimension of u and v, entries of R squared.
        sigma: standard deviation σ of all entries at the start; nothing moves from zero.
        tied: output embeddings v are the input embeddings u.
        freeze_embeddings: u and v stay as they were drawn, and only the matrices learn.

    >>> Relational().parameter_count(122, 2)
    16000
    """

    population = "retrodict.models._relational:RelationalPopulation"
    batch_size = "all"

    kind: Literal["relational"] = "relational"
    d: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 32
    sigma: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 0.1
    tied: bool = False
    freeze_embeddings: bool = False

    @property
    def summary(self) -> str:
        """The model in a few words, for captions."""
        options = [
            name.replace("_", " ") for name in ("tied", "freeze_embeddings") if getattr(self, name)
        ]
        return ", ".join(["relational (u R v)", *options, f"d = {self.d}"])

    def weights(self, vocab_size: int, seed: int) -> tuple[Float[np.ndarray, "..."], ...]:
        """Draw the initial weights of the learner of this seed: (u, R, v), or (u, R) if tied.

        Shapes are (m, d), (8, d, d) and (m, d), in float64. u and R do not depend on `tied`.
        """
        shapes = ((vocab_size, self.d), (RELATIONS, self.d, self.d), (vocab_size, self.d))
        return tuple(
            gaussian(np.random.default_rng(stream(seed, INIT, part)), shape, self.sigma)
            for part, shape in enumerate(shapes[: 2 if self.tied else 3])
        )

    def refusal(self, task: Any) -> str:
        """Refuse tasks that do not ask with one entity of one token and one of two relations."""
        if task.kind not in ("reversal", "chain"):
            return (
                f"model.kind relational reads an entity and a relation, and task.kind {task.kind} "
                "asks otherwise; choose task.kind reversal or chain"
            )
        if task.entity_length != 1:
            return (
                "model.kind relational reads entities of one token, and task.entity_length is "
                f"{task.entity_length}; choose 1"
            )
        if task.kind == "reversal" and task.relations > 2:
            return (
                "model.kind relational has matrices for 2 relations and their inverses, and "
                f"task.relations is {task.relations}; choose 1 or 2"
            )
        return ""

    def trained_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters that are trained."""
        matrices = RELATIONS * self.d * self.d
        return matrices if self.freeze_embeddings else self.parameter_count(vocab_size, length)

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters, frozen ones included."""
        return (1 if self.tied else 2) * vocab_size * self.d + RELATIONS * self.d * self.d


def relation_slots(vocab_size: int) -> Int[np.ndarray, " token"]:
    """Return the index of each token's relation matrix; −1 for tokens without one.

    >>> relation_slots(10).tolist()
    [0, 1, 2, 3, -1, -1, 4, 5, 6, 7]
    """
    slots = np.full(vocab_size, -1)
    last = min(LAST, vocab_size)
    slots[vocab_size - last :] = np.arange(RELATIONS - last, RELATIONS)
    first = min(FIRST, vocab_size)
    slots[:first] = np.arange(first)  # where both ends meet, the first ids keep theirs
    return slots

"""Sections of an experiment that belong to no other package: optimiser, training, record."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from retrodict.config import FrozenConfig
from retrodict.limits import MAX_COUNT

Rate = Annotated[float, Field(ge=0, allow_inf_nan=False)]


Beta = Annotated[float, Field(ge=0, lt=1, strict=False)]


class AdamW(FrozenConfig):
    """AdamW, with weight decay on every trained parameter; defaults are the paper's [S]."""

    kind: Literal["adamw"] = "adamw"
    lr: Rate = 0.01
    betas: Annotated[tuple[Beta, Beta], Field(strict=False)] = (0.9, 0.999)
    eps: Rate = 1e-8
    weight_decay: Rate = 0.01


class SGD(FrozenConfig):
    """Stochastic gradient descent with optional heavy-ball momentum."""

    kind: Literal["sgd"] = "sgd"
    lr: Rate = 0.1
    momentum: Annotated[float, Field(ge=0, lt=1)] = 0.0
    weight_decay: Rate = 0.0


Optimizer = Annotated[AdamW | SGD, Field(discriminator="kind")]


class Training(FrozenConfig):
    """How long, on what, and by how many learners.

    Parameters:
        epochs: passes over the training sentences.
        batch_size: sentences per step, or `all`; the last step of an epoch takes what is left.
            Where it is left out: 64, the bilinear and the relational model `all`, the one-layer
            model 1.
        learners: how many independent learners; learner s has the seed `seed + s`.
        seed: the first learner's seed: its corpus, initialisation, order and dropout.
        corpus_seed: if given, all learners learn the corpus of this seed; otherwise each its own.
        device: `auto`, `cpu`, `cuda` or `cuda:N`; auto is cuda where there is one.
        precision: of parameters and arithmetic. `tf32` (on a GPU) and `bfloat16` are of a
            transformer's matrix products while it trains: TF32 rounds their factors, bfloat16
            factors and results. Parameters, optimiser and evaluation stay float32.
        threads: CPU threads; auto is one for each core whose time this process gets (see
            `limits.core_count`).
        execution: how a step runs: `eager`, or `compiled` by torch.compile (on a GPU: and replayed
            as one graph). `auto` compiles on a GPU, from COMPILE_STEPS steps on.
    """

    epochs: Annotated[int, Field(ge=0, le=MAX_COUNT)] = 3000
    batch_size: Annotated[int, Field(ge=1, le=MAX_COUNT)] | Literal["all"] = 64
    learners: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 10
    seed: Annotated[int, Field(ge=0, le=2**62)] = 0
    corpus_seed: Annotated[int, Field(ge=0, le=2**62)] | None = None
    device: Annotated[str, Field(pattern=r"^(auto|cpu|cuda(:[0-9]{1,4})?)$")] = "auto"
    precision: Literal["float32", "float64", "tf32", "bfloat16"] = "float32"
    threads: Annotated[int, Field(ge=1, le=MAX_COUNT)] | Literal["auto"] = "auto"
    execution: Literal["auto", "eager", "compiled"] = "auto"

    @property
    def seeds(self) -> tuple[int, ...]:
        """One seed per learner."""
        return tuple(range(self.seed, self.seed + self.learners))

    def seed_of_corpus(self, seed: int) -> int:
        """Return the seed of the corpus that the learner of this seed learns."""
        return seed if self.corpus_seed is None else self.corpus_seed


class Record(FrozenConfig):
    """What is recorded during training.

    Parameters:
        every: epochs between two evaluations; epoch 0 and the last are always evaluated.
        weights_at: epochs at which effective weights are kept; those past the end are ignored.
        controls: also record what a wrong answer scores, and what wrong answers are (see
            `recording.CONTROLS`).
    """

    every: Annotated[int, Field(ge=1, le=MAX_COUNT)] = 1
    weights_at: tuple[Annotated[int, Field(ge=0, le=MAX_COUNT)], ...] = (0, 100, 1000, 3000)
    controls: bool = False

    @field_validator("weights_at", mode="before")
    @classmethod
    def _sorted_once(cls, value: Any) -> Any:
        if isinstance(value, list | tuple) and all(type(epoch) is int for epoch in value):
            return tuple(sorted(set(value)))
        return tuple(value) if isinstance(value, list) else value

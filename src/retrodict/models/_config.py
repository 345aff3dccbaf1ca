"""What every model declares about itself, free of torch."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from retrodict.config import FrozenConfig

if TYPE_CHECKING:
    import torch

    from retrodict.models._population import Population


class ModelConfig(FrozenConfig):
    """Base of the models' settings.

    Attributes:
        population: the class of its learners, which loads torch, as `"package.module:Class"`. It is
            called with these settings and the arguments of `build`.
        batch_size, optimizer: what an experiment takes that does not say its own.
        has_theory: whether `retrodict.theory` predicts what it does.
    """

    population: ClassVar[str]
    batch_size: ClassVar[int | Literal["all"]] = 64
    optimizer: ClassVar[Literal["adamw", "sgd"]] = "adamw"
    has_theory: ClassVar[bool] = False

    def build(
        self,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Population:
        """Initialise one learner a seed; learner s depends on `seeds[s]` alone.

        Args:
            vocab_size: tokens in and logits out, specials included.
            length: the longest input, in tokens.
            seeds: one seed a learner.
            device, dtype: where and in what precision (default float32) the parameters live.
        """
        module, _, name = self.population.partition(":")
        kind = getattr(importlib.import_module(module), name)
        population: Population = kind(self, vocab_size, length, seeds, device, dtype)
        return population

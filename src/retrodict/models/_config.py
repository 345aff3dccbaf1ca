"""What every model declares about itself, free of torch."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from retrodict.config import FrozenConfig

if TYPE_CHECKING:
    import torch

    from retrodict.models._population import Population


class ModelConfig(FrozenConfig):
    """Base of the models' settings.

    Classes are named as `"package.module:Class"`, since they load torch.

    Attributes:
        kind: which model it is.
        population: the class of its learners. It is called with these settings and the arguments
            of `build`.
        explicit: the class of its step written out, by which learners are trained one by one on a
            CPU; called with a population and a number of threads. "": there is autograd alone.
        batch_size, optimizer: defaults for experiments that do not set them.
        reads_sequences: whether it reads sentences of any length and learns by every objective.
        compiles: whether its step may be compiled, and its products be of lower precision.
        has_theory: whether `retrodict.theory` can predict it.
        flow_seconds: what a predicted learner costs for each (training sentence, token); measured.
    """

    kind: str
    population: ClassVar[str]
    explicit: ClassVar[str] = ""
    batch_size: ClassVar[int | Literal["all"]] = 64
    optimizer: ClassVar[Literal["adamw", "sgd"]] = "adamw"
    reads_sequences: ClassVar[bool] = False
    compiles: ClassVar[bool] = False
    has_theory: ClassVar[bool] = False
    flow_seconds: ClassVar[float] = 0.0

    @property
    def summary(self) -> str:
        """The model in a few words, for captions."""
        raise NotImplementedError

    @property
    def sizes(self) -> Mapping[str, str]:
        """The parts of the summary, by how models differ."""
        return {"models": self.summary}

    @property
    def is_wide(self) -> bool:
        """Whether all threads work on one learner, where learners are trained one by one."""
        return False

    @property
    def reads_both_sides(self) -> bool:
        """Whether every position also sees later ones."""
        return False

    @property
    def blocks(self) -> int:
        """How many equal parts hold most of its parameters."""
        return 1

    def refusal(self, task: Any) -> str:
        """Say why it cannot learn a task with these settings; "" if it can."""
        return ""

    def parameter_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters, those that are not trained included."""
        raise NotImplementedError

    def trained_count(self, vocab_size: int, length: int) -> int:
        """Count one learner's parameters that are trained."""
        raise NotImplementedError

    def activation_count(self, tokens: int, vocab_size: int) -> int:
        """Count the numbers that a step on so many tokens keeps; 0 where they are few."""
        return 0

    def step_operations(self, vocab_size: int, length: int, first: int) -> int:
        """Count the operations of a sentence, forward and backward: a row of logits and its update.

        Positions `first` and later of the input are predicted from.
        """
        return 6 * self.parameter_count(vocab_size, length) // vocab_size

    def build(
        self,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> Population:
        """Initialise one learner per seed; learner s depends on `seeds[s]` alone.

        Args:
            vocab_size: tokens in and logits out, specials included.
            length: the longest input, in tokens.
            seeds: one seed per learner.
            device, dtype: where and in what precision (default float32) the parameters live.
        """
        population: Population = loaded(self.population)(
            self, vocab_size, length, seeds, device, dtype
        )
        return population


def loaded(name: str) -> Any:
    """Return the class of a name like `"package.module:Class"`."""
    module, _, kind = name.partition(":")
    return getattr(importlib.import_module(module), kind)

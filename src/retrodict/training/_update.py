"""Optimisers, as updates of a span of one learner's parameters: each one fused pass.

An update can be given the gradient of part of a learner as soon as that part is known, while it
is in the cache. Entries are updated one by one, so how they are divided alters no bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor

from retrodict.experiment import SGD, AdamW
from retrodict.models._shared_memory import zeros


@runtime_checkable
class Update(Protocol):
    """Changes parameters in place."""

    @property
    def state(self) -> Mapping[str, Tensor]:
        """Tensors with a leading learner axis: everything needed to continue from here."""

    def begin(self, learners: slice) -> None:
        """Count a step of some learners."""

    def apply(self, learner: int, span: slice, gradient: Tensor) -> None:
        """Update a span of one learner's parameters."""

    def apply_all(self, gradients: Float[Tensor, "learner parameter"]) -> None:
        """Update all parameters of all learners."""


def update_of(config: AdamW | SGD, flat: Float[Tensor, "learner parameter"]) -> Update:
    """Make the update of an optimiser for the parameters of a population."""
    return AdamWUpdate(config, flat) if isinstance(config, AdamW) else SGDUpdate(config, flat)


class AdamWUpdate:
    """AdamW as in torch.optim, whose fused kernel this calls."""

    def __init__(self, config: AdamW, flat: Float[Tensor, "learner parameter"]) -> None:
        self.config, self.flat = config, flat
        self.steps = zeros((len(flat),), flat.new_empty(0, dtype=torch.float32))
        self.mean, self.square = zeros(tuple(flat.shape), flat), zeros(tuple(flat.shape), flat)
        self.state: Mapping[str, Tensor] = {
            "step": self.steps,
            "exp_avg": self.mean,
            "exp_avg_sq": self.square,
        }
        self._rows = [list(part.unbind(0)) for part in (flat, self.mean, self.square, self.steps)]
        self._parts: dict[tuple[int, int, int], list[list[Tensor]]] = {}

    def begin(self, learners: slice) -> None:
        """Count a step of some learners."""
        self.steps[learners].add_(1)

    def apply(self, learner: int, span: slice, gradient: Tensor) -> None:
        """Update a span of one learner's parameters."""
        key = (learner, span.start, span.stop)
        if key not in self._parts:
            flat, mean, square, step = (rows[learner] for rows in self._rows)
            self._parts[key] = [[flat[span]], [mean[span]], [square[span]], [step]]
        self._call(self._parts[key], [gradient])

    def apply_all(self, gradients: Float[Tensor, "learner parameter"]) -> None:
        """Update all parameters of all learners."""
        self._call(self._rows, list(gradients.unbind(0)))

    def _call(self, parts: list[list[Tensor]], gradients: list[Tensor]) -> None:
        flat, mean, square, steps = parts
        torch._fused_adamw_(
            flat,
            gradients,
            mean,
            square,
            [],
            steps,
            lr=self.config.lr,
            beta1=self.config.betas[0],
            beta2=self.config.betas[1],
            weight_decay=self.config.weight_decay,
            eps=self.config.eps,
            amsgrad=False,
            maximize=False,
        )


class SGDUpdate:
    """SGD with optional momentum as in torch.optim."""

    def __init__(self, config: SGD, flat: Float[Tensor, "learner parameter"]) -> None:
        self.flat, self.config = flat, config
        self.velocity = zeros(tuple(flat.shape), flat) if config.momentum else None
        self.state: Mapping[str, Tensor] = (
            {} if self.velocity is None else {"momentum_buffer": self.velocity}
        )

    def begin(self, learners: slice) -> None:
        """Nothing depends on the number of the step."""

    def apply(self, learner: int, span: slice, gradient: Tensor) -> None:
        """Update a span of one learner's parameters."""
        velocity = [] if self.velocity is None else [self.velocity[learner, span]]
        self._call([self.flat[learner, span]], [gradient], velocity)

    def apply_all(self, gradients: Float[Tensor, "learner parameter"]) -> None:
        """Update all parameters of all learners."""
        velocity = [] if self.velocity is None else list(self.velocity.unbind(0))
        self._call(list(self.flat.unbind(0)), list(gradients.unbind(0)), velocity)

    def _call(self, flat: list[Tensor], gradients: list[Tensor], velocity: list[Tensor]) -> None:
        torch._fused_sgd_(
            flat,
            gradients,
            velocity,
            lr=self.config.lr,
            momentum=self.config.momentum,
            weight_decay=self.config.weight_decay,
            dampening=0.0,
            nesterov=False,
            maximize=False,
            is_first_step=False,  # a buffer of zeros makes the first velocity the gradient
        )

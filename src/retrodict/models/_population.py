"""S independent learners as one module: every parameter has a leading learner axis.

The trainable parameters of learner s are views of one row, `flat[s]`, and their gradients of
`flat_grad[s]`. So an optimiser sees S long vectors, and a learner's update cannot depend on how
many learners there are.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from retrodict.models._dropout import Masks
from retrodict.models._layers import ALIGN
from retrodict.models._shared_memory import zeros


class Population(nn.Module):
    """Base of every model. Subclasses make parameters (S, …) and then call `flatten_parameters`.

    Attributes:
        seeds: one seed per learner.
        flat: trainable parameters, shape (learner, parameter), padded with zeros.
        flat_grad: their gradients, same shape; allocated on first use.
        spans: name of a trainable parameter → its columns of `flat`.
        dropout: probability of dropping an activation in training.
    """

    flat: Tensor
    dropout = 0.0

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self.seeds = tuple(seeds)
        self.spans: dict[str, slice] = {}

    @property
    def learners(self) -> int:
        """The number of learners, S."""
        return len(self.seeds)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Masks | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits at positions `first`, `first + 1`, … of the input.

        Args:
            tokens: token ids of each learner.
            first: the first position whose logits are returned.
            drop: the source of dropout masks; None is evaluation.
        """
        raise NotImplementedError

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Look up the token embeddings."""
        raise NotImplementedError

    def flatten_parameters(self, device: torch.device | str) -> None:
        """Move the module to its device and its trainable parameters into `flat`."""
        self.to(device)
        trainable = {name: p for name, p in self.named_parameters() if p.requires_grad}
        sizes = [-(-p[0].numel() // ALIGN) * ALIGN for p in trainable.values()]
        like = next(iter(trainable.values()))
        self.flat = zeros((self.learners, sum(sizes)), like.detach())
        start = 0
        for (name, parameter), size in zip(trainable.items(), sizes, strict=True):
            span = slice(start, start + parameter[0].numel())
            home = self.flat[:, span].view(parameter.shape)
            home.copy_(parameter.detach())
            parameter.data = home
            self.spans[name] = span
            start += size

    @cached_property
    def flat_grad(self) -> Float[Tensor, "learner parameter"]:
        """The gradients written by `backward`."""
        return torch.zeros_like(self.flat)

    @cached_property
    def _trainable(self) -> list[tuple[nn.Parameter, Tensor]]:
        """Each trainable parameter, and a view of its gradient in `flat_grad`."""
        parameters = [self.get_parameter(name) for name in self.spans]
        return [
            (p, self.flat_grad[:, span].view(p.shape))
            for p, span in zip(parameters, self.spans.values(), strict=True)
        ]

    def backward(self, loss: Float[Tensor, ""]) -> None:
        """Write the gradient of a loss, summed over learners, into `flat_grad`."""
        parameters, homes = zip(*self._trainable, strict=True)
        torch._foreach_copy_(homes, torch.autograd.grad(loss, parameters))

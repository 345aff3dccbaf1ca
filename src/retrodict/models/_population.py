"""S independent learners as one module: every parameter carries a leading learner axis.

All trainable parameters of learner s are views into one row `flat[s]`, and their gradients into
`flat_grad[s]`, so that an optimiser sees S long vectors, and learner s's update cannot depend on
how many learners stand beside it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from retrodict.models._layers import ALIGN


class Population(nn.Module):
    """Base of every model. Subclasses make parameters (S, …) and then call `pack`.

    Attributes:
        seeds: one seed a learner.
        flat: trainable parameters, shape (learner, parameter), padded with zeros.
        flat_grad: their gradients, same shape.
    """

    flat: Tensor
    flat_grad: Tensor

    def __init__(self, seeds: Sequence[int]) -> None:
        super().__init__()
        self.seeds = tuple(seeds)
        self._trainable: list[nn.Parameter] = []
        self._gradients: list[Tensor] = []  # views into flat_grad, one a trainable parameter

    @property
    def learners(self) -> int:
        """How many learners there are: S."""
        return len(self.seeds)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Sequence[torch.Generator] | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits at positions `first`, `first + 1`, … of the input.

        Args:
            tokens: token ids; each learner has its own.
            first: the first position whose logits are wanted.
            drop: one generator a learner to draw dropout masks from; None is evaluation.
        """
        raise NotImplementedError

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Look up the token embeddings, as the cosine similarity of entities needs them."""
        raise NotImplementedError

    def pack(self, device: torch.device | str) -> None:
        """Move the module to its device and its trainable parameters into `flat`."""
        self.to(device)
        trainable = [p for p in self.parameters() if p.requires_grad]
        sizes = [-(-p[0].numel() // ALIGN) * ALIGN for p in trainable]
        like = trainable[0]
        self.flat = like.new_zeros(self.learners, sum(sizes)).detach()
        self.flat_grad = torch.zeros_like(self.flat)
        start = 0
        for parameter, size in zip(trainable, sizes, strict=True):
            span = slice(start, start + parameter[0].numel())
            home = self.flat[:, span].view(parameter.shape)
            home.copy_(parameter.detach())
            parameter.data = home
            self._trainable.append(parameter)
            self._gradients.append(self.flat_grad[:, span].view(parameter.shape))
            start += size

    def backward(self, loss: Float[Tensor, ""]) -> None:
        """Write the gradient of a loss, summed over learners, into `flat_grad`."""
        torch._foreach_copy_(self._gradients, torch.autograd.grad(loss, self._trainable))

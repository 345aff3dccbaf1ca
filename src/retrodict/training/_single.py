"""One learner of a population by itself, by autograd: for models whose step is not written out.

It has the interface of `models.explicit.ExplicitTransformer`, so that learners whose attention goes
to both sides are trained one by one too, each on a core of its own.
"""

from __future__ import annotations

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.func import functional_call
from torch.nn import functional as F

from retrodict.models._dropout import WORD, MaskStream
from retrodict.models._transformer import TransformerPopulation
from retrodict.models.explicit import Update


class SingleLearner:
    """Steps and evaluates the learners of a population, one at a time.

    Parameters:
        population: on a CPU; its weights are read, and changed by whoever `update` is.
    """

    def __init__(self, population: TransformerPopulation) -> None:
        self.population = population

    def logits(
        self, learner: int, tokens: Int[Tensor, "batch length"], first: int
    ) -> Float[Tensor, "batch position vocab"]:
        """Return the logits at positions `first` and later, without dropout."""
        return self._forward(self._weights(learner), tokens, first, None, None)

    def step(
        self,
        learner: int,
        tokens: Int[Tensor, "batch length"],
        targets: Int[Tensor, "batch position"],
        drop: MaskStream | None,
        update: Update,
        weights: Float[Tensor, "batch position"] | None = None,
        sees_all: Bool[Tensor, " batch"] | None = None,
    ) -> Float[Tensor, ""]:
        """Take one gradient step; arguments and result as of `ExplicitTransformer.step`."""
        parameters = self._weights(learner)
        trained = [parameters[name].requires_grad_() for name in self.population.spans]
        first = tokens.shape[1] - targets.shape[1]
        with torch.enable_grad():
            masks = None if drop is None else _Masks(drop, self.population.flat.dtype)
            logits = self._forward(parameters, tokens, first, masks, sees_all)
            nll = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
            loss = (nll if weights is None else nll * weights.flatten()).mean()
            gradients = torch.autograd.grad(loss, trained)
        for span, gradient in zip(self.population.spans.values(), gradients, strict=True):
            update(span, gradient.reshape(-1))
        return loss.detach()

    def _weights(self, learner: int) -> dict[str, Tensor]:
        """One learner's parameters, with a learner axis of one."""
        named = self.population.named_parameters()
        return {name: p.detach()[learner : learner + 1] for name, p in named}

    def _forward(
        self,
        parameters: dict[str, Tensor],
        tokens: Tensor,
        first: int,
        masks: _Masks | None,
        sees_all: Tensor | None,
    ) -> Tensor:
        asked = (tokens.unsqueeze(0), first, masks)
        more = () if sees_all is None else (sees_all.unsqueeze(0),)
        logits: Tensor = functional_call(self.population, parameters, (*asked, *more))
        return logits[0]


class _Masks:
    """Hands out one learner's masks from its stream."""

    def __init__(self, drop: MaskStream, dtype: torch.dtype) -> None:
        self.drop, self.dtype = drop, dtype

    def next(self, size: int) -> Float[Tensor, "learner size"]:
        """Return the next mask."""
        room = torch.empty(-(-size // WORD) * WORD, dtype=self.dtype)
        return self.drop.fill(room)[:size].unsqueeze(0)

"""The relational model for a population: the logit of y after (x, r) is `u_xᵀ R_r v_y`."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float, Int
from torch import Tensor

from retrodict.models._bilinear import stacked
from retrodict.models._dropout import Masks
from retrodict.models._layers import embedding, linear
from retrodict.models._population import Population
from retrodict.models._relational_config import RELATIONS, Relational, relation_slots


class RelationalPopulation(Population):
    """S relational models: `token_embedding` u, `relation` R and, if not tied, `output` v."""

    slots: Tensor

    def __init__(
        self,
        config: Relational,
        vocab_size: int,
        length: int,
        seeds: Sequence[int],
        device: torch.device | str = "cpu",
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__(seeds)
        drawn = zip(*(config.weights(vocab_size, seed) for seed in seeds), strict=True)
        u, r, *v = (stacked(part, dtype) for part in drawn)
        self.token_embedding, self.relation = u, r
        self.output = v[0] if v else None
        for part in (u, *v):
            part.requires_grad_(not config.freeze_embeddings)
        self.register_buffer(
            "slots", torch.from_numpy(relation_slots(vocab_size)), persistent=False
        )
        self.flatten_parameters(device)

    def forward(
        self,
        tokens: Int[Tensor, "learner batch length"],
        first: int = 0,
        drop: Masks | None = None,
    ) -> Float[Tensor, "learner batch position vocab"]:
        """Return the logits at positions `first` and later; see `Population.forward`.

        The first token is the entity; a later token is the relation. At the first position and
        after a token without a matrix, the mean of all matrices is used.
        """
        positions = tokens.shape[2] - first
        # multiply every entity by every matrix: (learner, batch, relation, d)
        matrices = self.relation.transpose(1, 2).flatten(2)
        entities = self.embed(tokens[:, :, 0].contiguous())
        moved = linear(entities, matrices).unflatten(-1, (RELATIONS, -1))
        moved = torch.cat([moved, moved.mean(2, keepdim=True)], dim=2)
        slots = self.slots[tokens[:, :, first:]]
        if first == 0:
            slots[:, :, 0] = -1
        chosen = (slots % (RELATIONS + 1)).unsqueeze(-1).expand(-1, -1, positions, moved.shape[-1])
        output = self.token_embedding if self.output is None else self.output
        return linear(moved.gather(2, chosen), output.mT)

    def embed(
        self, tokens: Int[Tensor, "learner *shape"]
    ) -> Float[Tensor, "learner *shape d_model"]:
        """Look up the input embeddings u."""
        return embedding(self.token_embedding, tokens)

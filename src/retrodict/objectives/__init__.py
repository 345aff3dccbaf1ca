"""Objectives: which tokens are predicted from which. The loss is their mean cross-entropy."""

from dataclasses import replace
from typing import Annotated

from pydantic import Field

from retrodict.objectives._bico import Bico
from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions
from retrodict.objectives._masked import Diffusion, Masked
from retrodict.objectives._next_token import NextToken
from retrodict.objectives._permuted import Permuted
from retrodict.tasks import Corpus

Objective = Annotated[NextToken | Masked | Diffusion | Permuted | Bico, Field(discriminator="kind")]
"""Any objective, told apart by `kind`. A new one is one new file and one name in this union."""


def prepared(objective: ObjectiveConfig, corpus: Corpus) -> Corpus:
    """Append an objective's own tokens to a corpus's vocabulary."""
    extra = objective.extra_tokens(corpus)
    return replace(corpus, names=(*corpus.names, *extra)) if extra else corpus


__all__ = [
    "Bico",
    "Diffusion",
    "Examples",
    "Masked",
    "NextToken",
    "Objective",
    "ObjectiveConfig",
    "Permuted",
    "Questions",
    "prepared",
]

"""Objectives: which tokens are predicted from which. The loss is their mean cross-entropy.

A new objective is one file, and one line below.
"""

from dataclasses import replace
from typing import TYPE_CHECKING

from retrodict.members import any_of
from retrodict.objectives._examples import Examples, ObjectiveConfig, Questions
from retrodict.tasks import Corpus

# isort: off
from retrodict.objectives._next_token import NextToken as NextToken
from retrodict.objectives._masked import Masked as Masked, Diffusion as Diffusion
from retrodict.objectives._permuted import Permuted as Permuted
from retrodict.objectives._bico import Bico as Bico
# isort: on

if TYPE_CHECKING:
    Objective = ObjectiveConfig
else:
    Objective = any_of(ObjectiveConfig, __name__)


def prepared(objective: ObjectiveConfig, corpus: Corpus) -> Corpus:
    """Append an objective's own tokens to a corpus's vocabulary."""
    extra = objective.extra_tokens(corpus)
    return replace(corpus, names=(*corpus.names, *extra)) if extra else corpus


__all__ = ["Examples", "Objective", "ObjectiveConfig", "Questions", "prepared"]

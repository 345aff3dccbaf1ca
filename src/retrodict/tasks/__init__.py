"""Tasks: what is asked to be learned. `Task(...).corpus(seed)` draws one; NumPy only, no torch."""

from typing import Annotated

from pydantic import Field

from retrodict.tasks._chain import Chain
from retrodict.tasks._corpus import Corpus, Group, Panel, ProbeGroup, Role
from retrodict.tasks._in_context import InContext
from retrodict.tasks._pairs import Pairs
from retrodict.tasks._related_chain import RelatedChain
from retrodict.tasks._reversal import Reversal

Task = Annotated[Reversal | Chain | Pairs | InContext | RelatedChain, Field(discriminator="kind")]
"""Any task; `kind` says which. A new task is one new file and one name in this union."""

__all__ = [
    "Chain",
    "Corpus",
    "Group",
    "InContext",
    "Pairs",
    "Panel",
    "ProbeGroup",
    "RelatedChain",
    "Reversal",
    "Role",
    "Task",
]

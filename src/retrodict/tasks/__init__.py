"""Tasks: what is to be learned. `Task(...).corpus(seed)` draws one; NumPy only, no torch.

A new task is one file, and one line below.
"""

from typing import TYPE_CHECKING

from retrodict.members import any_of
from retrodict.tasks._corpus import Corpus, Group, Panel, ProbeGroup, Role
from retrodict.tasks._task import TaskConfig

# isort: off
from retrodict.tasks._reversal import Reversal as Reversal
from retrodict.tasks._chain import Chain as Chain
from retrodict.tasks._pairs import Pairs as Pairs
from retrodict.tasks._in_context import InContext as InContext
from retrodict.tasks._related_chain import RelatedChain as RelatedChain
# isort: on

if TYPE_CHECKING:
    Task = TaskConfig
else:
    Task = any_of(TaskConfig, __name__)

__all__ = ["Corpus", "Group", "Panel", "ProbeGroup", "Role", "Task", "TaskConfig"]

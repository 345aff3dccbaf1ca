"""Training: the loop that turns an Experiment into a Trace, its checkpoints and its recorder."""

from retrodict.training._loop import Hooks, Outcome, train
from retrodict.training._memory import require_memory

__all__ = ["Hooks", "Outcome", "require_memory", "train"]

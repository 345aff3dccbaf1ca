"""Training: the loop that turns an Experiment into a Trace, its checkpoints and its recorder."""

from retrodict.training._loop import Hooks, Outcome, Trainer, train
from retrodict.training._memory import require_memory

__all__ = ["Hooks", "Outcome", "Trainer", "require_memory", "train"]

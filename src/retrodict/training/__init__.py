"""Training: the loop that turns an Experiment into a Trace, its checkpoints and its recorder."""

from retrodict.training._loop import Hooks, Outcome, train

__all__ = ["Hooks", "Outcome", "train"]

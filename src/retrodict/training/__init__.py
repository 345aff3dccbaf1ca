"""Training: the loop that turns an Experiment into a Trace, its checkpoints and its recorder."""

from retrodict.training._compiler import as_it_can_run, obstacle
from retrodict.training._loop import Hooks, Outcome, Trainer, train
from retrodict.training._memory import learners_at_a_time
from retrodict.training._policy import products_in, threads_of_torch

__all__ = [
    "Hooks",
    "Outcome",
    "Trainer",
    "as_it_can_run",
    "learners_at_a_time",
    "obstacle",
    "products_in",
    "threads_of_torch",
    "train",
]

"""How a population is stepped: its learners one by one, or all together.

One by one is the fast way on a CPU: each learner trains a whole epoch in the cache of one core
while others train on the other cores, and nothing it computes depends on how many they are. All
together is the way of every other device and model: one batched step for everybody, by autograd.
"""

from __future__ import annotations

from retrodict.experiment import Placed
from retrodict.models import Population
from retrodict.training._batches import Sentences
from retrodict.training._evaluation import Evaluation
from retrodict.training._one_by_one import OneByOne
from retrodict.training._policy import Engine
from retrodict.training._together import Together
from retrodict.training._update import Update


def engine_for(
    experiment: Placed,
    population: Population,
    update: Update,
    sentences: Sentences,
    evaluation: Evaluation,
) -> Engine:
    """Choose how the population of an experiment is stepped."""
    kind = OneByOne if experiment.is_one_by_one else Together
    return kind(experiment, population, update, sentences, evaluation)

"""How a population is stepped: its learners one by one, or all together.

One by one is the fast way on a CPU: each learner trains a whole epoch in the cache of one core
while others train on the other cores, and nothing it computes depends on how many they are. All
together is the way of every other device and model: one batched step for everybody, by autograd.
"""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.models import Population
from retrodict.models._transformer import TransformerPopulation
from retrodict.training._batches import Sentences
from retrodict.training._one_by_one import OneByOne
from retrodict.training._policy import Engine
from retrodict.training._recorder import Recorder
from retrodict.training._together import Together
from retrodict.training._update import Update


def engine_for(
    experiment: Experiment,
    population: Population,
    update: Update,
    sentences: Sentences,
    recorder: Recorder,
) -> Engine:
    """Choose how the population of a resolved experiment is stepped."""
    if isinstance(population, TransformerPopulation) and experiment.is_one_by_one:
        return OneByOne(experiment, population, update, sentences, recorder)
    return Together(experiment, population, update, sentences, recorder)

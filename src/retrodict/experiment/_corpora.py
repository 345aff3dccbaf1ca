"""Corpora drawn by sections of an experiment, and counts that take one: each is drawn once."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from retrodict.data import Data
from retrodict.objectives import Examples, ObjectiveConfig, prepared
from retrodict.tasks import Corpus


def corpus_of(task: Any, data: Data, objective: ObjectiveConfig, seed: int) -> Corpus:
    """Draw the corpus of a seed: the task's, with what `data` adds and `objective` needs."""
    return prepared(objective, data.extend(task.corpus(seed), seed))


def examples_of(objective: ObjectiveConfig, corpus: Corpus) -> Examples:
    """Lay out a corpus for training; if examples are random, as in one epoch."""
    return objective.examples(corpus, np.random.default_rng(0))


@lru_cache(maxsize=256)
def example_count(task: Any, data: Data, objective: ObjectiveConfig, seed: int) -> int:
    """Count the examples of a seed's corpus; their number is the same for every seed."""
    return len(examples_of(objective, corpus_of(task, data, objective, seed)).inputs)


@lru_cache(maxsize=256)
def trained_count(model: Any, task: Any, data: Data, objective: ObjectiveConfig, seed: int) -> int:
    """Count one learner's trained parameters.

    Raises:
        BadInput: the corpus, whose vocabulary decides it, does not fit into memory.
    """
    corpus = corpus_of(task, data, objective, seed)
    length = examples_of(objective, corpus).inputs.shape[1]
    count: int = model.trained_count(corpus.vocab_size, length)
    return count

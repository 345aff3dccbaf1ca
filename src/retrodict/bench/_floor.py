"""The floor: a lower bound on the operations, the traffic and the time of one learner-step.

    floor = operations / rate of matrix products + bytes / bandwidth

Operations are those of the matrix products, 2 per multiply-add, after everything that can be left
out is left out (f is the first position that is predicted from, L the length of the input):

- the last token of a sentence is not an input;
- keys and values are needed at all L positions, queries only from position 1 on, because
  position 0 attends to itself alone; at position i, i scores and i weighted sums, because a common
  shift of the scores changes nothing and the weights sum to one;
- in the last layer, everything past keys and values, and the head, is needed from position f on;
- backward, each product has two: one for the gradient of each factor, except where a factor is
  frozen. Frozen embeddings save none but a tied head's: below them is the first layer norm, whose
  scale is trained.

Bytes on a CPU are those of the optimiser: parameter and both moments read once and written once, 24
bytes a trained parameter in float32. Weights, gradients and activations of the products are counted
as if they never left the cache, which favours the floor. On a GPU all learners step together and no
cache holds their weights: two more reads of the parameter, forward and backward, and the gradient
written and read, 40 bytes in all.
"""

from __future__ import annotations

from dataclasses import dataclass

from retrodict.bench._machine import Rates, Shape
from retrodict.errors import BadInput
from retrodict.experiment import AdamW, Experiment
from retrodict.models import Transformer


@dataclass(frozen=True)
class Needed:
    """What one learner needs for one step, averaged over the steps of an epoch.

    Attributes:
        operations: floating-point operations in matrix products.
        traffic: bytes to and from memory.
        steps: gradient steps per epoch.
        precision: of the products.
    """

    operations: float
    traffic: float
    steps: int
    precision: str = "float32"

    def seconds(self, rates: Rates) -> float:
        """The least time on a machine with these rates."""
        return self.operations / rates.operations(self.precision) + self.traffic / rates.bandwidth


def needed(experiment: Experiment) -> Needed:
    """Count what one learner-step of an experiment needs.

    Raises:
        BadInput: the model is not a transformer.
    """
    model, training = transformer_of(experiment), experiment.training
    corpus = experiment.corpus()
    examples = experiment.examples(corpus)
    sentences, length = examples.inputs.shape
    steps = experiment.steps_per_epoch
    sentence = model.step_operations(corpus.vocab_size, length, examples.first)
    parameters = model.trained_count(corpus.vocab_size, length)
    kept = 3 if isinstance(experiment.optimizer, AdamW) else 1 + (experiment.optimizer.momentum > 0)
    passes = 2 * kept + (4 if training.device.startswith("cuda") else 0)
    moved = passes * (8 if training.precision == "float64" else 4)
    mean = sentences / steps * sentence
    return Needed(mean, float(moved * parameters), steps, training.precision)


def largest_product(experiment: Experiment) -> Shape:
    """Return the shape (n, k, m) of the product into the MLP for one full batch."""
    model, training = transformer_of(experiment), experiment.training
    sentences, length = experiment.examples(experiment.corpus()).inputs.shape
    size = sentences if training.batch_size == "all" else min(training.batch_size, sentences)
    return (size * length, model.d_model, 4 * model.d_model)


def transformer_of(experiment: Experiment) -> Transformer:
    """Return the experiment's model if it is a transformer.

    Raises:
        BadInput: it is not.
    """
    if not isinstance(experiment.model, Transformer):
        raise BadInput(f"model.kind: {experiment.model.kind} is not benchmarked; only transformer")
    return experiment.model

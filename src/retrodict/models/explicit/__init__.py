"""GPT-2 for one learner at a time, with an explicit backward pass: the fast path on a CPU.

`models/_transformer.py` defines the model. This computes the same with as few passes over memory as
possible, and tests compare the two. Buffers hold one learner at a time, so a learner's arithmetic
cannot depend on how many there are.
"""

from retrodict.models.explicit._step import ApplyGradient, ExplicitTransformer

__all__ = ["ApplyGradient", "ExplicitTransformer"]

"""GPT-2 for one learner at a time, forward and backward written out: the fast path on a CPU.

`models/_transformer.py` says what the model is; this says the same in as few passes over memory
as the gradient needs, and tests hold it to that definition. A learner's arithmetic takes place
in buffers of its own, so it cannot depend on how many learners there are.
"""

from retrodict.models.explicit._step import ApplyGradient, ExplicitTransformer

__all__ = ["ApplyGradient", "ExplicitTransformer"]

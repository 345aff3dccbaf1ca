"""Theory: predict the training of the analysed models without training. NumPy and SciPy only.

predict(experiment) -> Trace        the trace that training would give
GramFlow(gram, inputs, targets)     exact flow of the bilinear model, at a cost independent of d
RelationalFlow(weights, x, r, y)    flow of the model in which identity sentences break the curse
logit_gap, row_nll(tau, vocab_size) closed form of one row of weights
"""

from retrodict.theory._closed_form import (
    gap_bounds,
    logit_gap,
    miss_bounds,
    other_nll,
    row_logits,
    row_nll,
    time_to_nll,
)
from retrodict.theory._dynamics import Dynamics, nll
from retrodict.theory._gram_flow import GramFlow, wishart_root
from retrodict.theory._parameter_flow import ParameterFlow
from retrodict.theory._predict import predict
from retrodict.theory._relational_flow import RelationalFlow
from retrodict.theory._row_sgd import descend_rows, sgd_gap_spread, sgd_gaps
from retrodict.theory._separation import Separation, separate

__all__ = [
    "Dynamics",
    "GramFlow",
    "ParameterFlow",
    "RelationalFlow",
    "Separation",
    "descend_rows",
    "gap_bounds",
    "logit_gap",
    "miss_bounds",
    "nll",
    "other_nll",
    "predict",
    "row_logits",
    "row_nll",
    "separate",
    "sgd_gap_spread",
    "sgd_gaps",
    "time_to_nll",
    "wishart_root",
]

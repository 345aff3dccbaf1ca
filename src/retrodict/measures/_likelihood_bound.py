"""The exact likelihood bound of masked diffusion: a sum over all ways to hide tokens.

A model that fills in hidden tokens gives −log p of a sentence only for a given order of filling in.
Averaged over all orders, or with 1/t weights over all times, its loss is the same bound:

    bound = Σ_M Σ_{j in M} −log p(x_j | what is not in M) / (|M| C(L, |M|)),

where M is every non-empty set of hidden places: when |M| places are still hidden, a random order
leaves M with probability 1/C(L, |M|), and each place of M is next with probability 1/|M|. Source:
Ou et al. 2024,
arXiv 2406.03736 [N].
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int

from retrodict.errors import BadInput
from retrodict.host import own_settings

MOST_PLACES = 12
"""Longest sentence; L places have 2^L sets of hidden places."""

LogProbabilities = Callable[
    [Int[np.ndarray, "sentence place"]], Float[np.ndarray, "sentence place token"]
]
"""Sentences with hidden tokens → log-probability of every token in every place (nats)."""


@own_settings()
def likelihood_bound(
    model: LogProbabilities, tokens: Int[np.ndarray, "sentence place"], mask: int
) -> Float[np.ndarray, " sentence"]:
    """Return an upper bound of −log p of each sentence (nats).

    Args:
        model: called once for every set of hidden places.
        tokens: sentences.
        mask: the token that hides.

    Raises:
        BadInput: sentences are longer than MOST_PLACES.

    >>> uniform = lambda holes: np.full((*holes.shape, 8), -math.log(8))
    >>> bool(np.isclose(likelihood_bound(uniform, np.zeros((1, 3), int), 7)[0], 3 * math.log(8)))
    True
    """
    count, length = tokens.shape
    if length > MOST_PLACES:
        raise BadInput(f"likelihood_bound: {length} places; at most {MOST_PLACES} can be summed")
    bound = np.zeros(count)
    for size in range(1, length + 1):
        for hidden in itertools.combinations(range(length), size):
            holes = tokens.copy()
            holes[:, hidden] = mask
            logp = np.take_along_axis(model(holes), tokens[..., None], axis=2)[..., 0]
            bound -= logp[:, hidden].sum(1) / (size * math.comb(length, size))
    return bound

"""SGD on rows of logits, as in the one-layer transformer's Y: a step moves only the rows it reads.

A row with one target stays on a line. Each visit moves its gap by u ← u + η M / (eᵘ + M − 1). After
k visits it lies between u(ηk) and u(e^η ηk) of the flow, for every η > 0 [O: docs/theory.md].
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import binom

from retrodict.errors import BadInput
from retrodict.host import own_settings
from retrodict.theory._dynamics import nll


@own_settings()
def sgd_gaps(visits: int, lr: float, vocab_size: int) -> Float[np.ndarray, " visit"]:
    """Return the gap u after 0, 1, …, `visits` visits of a row with one target, from u = 0.

    Args:
        visits: gradient steps on this row.
        lr: learning rate η.
        vocab_size: M.

    >>> from retrodict.theory import logit_gap
    >>> u = sgd_gaps(400, lr=0.5, vocab_size=802)
    >>> bool(logit_gap(0.5 * 400, 802) <= u[400] <= logit_gap(np.exp(0.5) * 0.5 * 400, 802))
    True
    """
    u = np.zeros(visits + 1)
    for k in range(visits):
        u[k + 1] = u[k] + lr * vocab_size / (np.exp(u[k]) + vocab_size - 1)
    return u


@own_settings()
def sgd_gap_spread(
    steps: int, sentences: int, lr: float, vocab_size: int, order: str
) -> tuple[float, float]:
    """Return mean and standard deviation of u over the rows of a corpus after batch-1 steps.

    Each row has one sentence. In `shuffled` passes, numbers of visits differ by at most one. Drawn
    `with_replacement`, a sentence has Binomial(steps, 1/N) visits.

    Args:
        steps: total number of gradient steps.
        sentences: N.
        lr, vocab_size: as in `sgd_gaps`.
        order: `shuffled` or `with_replacement`.
    """
    if order == "shuffled":
        low, left = divmod(steps, sentences)
        counts, share = np.array([low, low + 1]), np.array([sentences - left, left]) / sentences
    elif order == "with_replacement":
        end = int(binom.ppf(1 - 1e-15, steps, 1 / sentences))
        counts = np.arange(end + 1)
        share = binom.pmf(counts, steps, 1 / sentences)
    else:
        raise BadInput(f"order: {order!r} is not known; choose from shuffled, with_replacement")
    u = sgd_gaps(int(counts[-1]), lr, vocab_size)[counts]
    mean = float(share @ u)
    return mean, float(np.sqrt(share @ (u - mean) ** 2))


@own_settings()
def descend_rows(
    rows: Float[np.ndarray, "row m"],
    row_of: Int[np.ndarray, " sentence"],
    targets: Int[np.ndarray, " sentence"],
    lr: float,
    batches: Iterable[Int[np.ndarray, "..."]],
) -> Iterator[float]:
    """Take SGD steps on a table of logits, in place; yield the loss before each step.

    `row_of` and `targets` are each sentence's row and target, `batches` each step's sentences.
    """
    for batch in batches:
        read, wanted = row_of[batch], targets[batch]
        cost = nll(rows[read])
        error = -np.exp(-cost)
        place = np.arange(len(batch))
        error[place, wanted] += 1.0
        np.add.at(rows, read, lr / len(batch) * error)
        yield float(cost[place, wanted].mean())

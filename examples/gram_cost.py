"""Time one evaluation of the flow: Gram coordinates against parameter space, over d.

python examples/gram_cost.py
"""

import statistics
import time
from collections.abc import Callable

import numpy as np

from retrodict.tasks import Pairs
from retrodict.theory import GramFlow, ParameterFlow

N, M, REPEATS = 20, 100, 30


def milliseconds(call: Callable[[], object]) -> float:
    """Return the median time over repeats."""
    times = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        call()
        times.append(1e3 * (time.perf_counter() - start))
    return statistics.median(times)


corpus = Pairs(n=N, m=M).corpus(0)
inputs, targets = corpus.tokens[:, 0], corpus.tokens[:, 1]
print(f"n = {N}, m = {M}; median of {REPEATS} evaluations of the rate")
print(f"{'d':>10} {'Gram (ms)':>10} {'Θ (ms)':>10} {'ratio':>8}")
for d in (50, 500, 1000, 2000, 5000, 10**7):
    gram = GramFlow.draw(d, M, inputs, targets, seed=0)
    gram_ms = milliseconds(lambda gram=gram: gram.rate(gram.start))
    if d > 5000:
        print(f"{d:>10} {gram_ms:>10.3f} {'-':>10} {'-':>8}")
        continue
    embeddings = np.random.default_rng(0).standard_normal((M, d)) / np.sqrt(d)
    brute = ParameterFlow(embeddings, inputs, targets)
    brute_ms = milliseconds(lambda brute=brute: brute.rate(brute.start))
    print(f"{d:>10} {gram_ms:>10.3f} {brute_ms:>10.3f} {brute_ms / gram_ms:>8.0f}")

"""What a sentence costs a transformer: operations of its matrix products, as few as can be.

Derived in the head of `retrodict.bench._floor`; attention to both sides is counted as if causal.
"""

from __future__ import annotations

from retrodict.models._transformer_config import Transformer


def step_operations(model: Transformer, vocab_size: int, length: int, first: int) -> int:
    """Count the operations of one sentence, forward and backward; arguments as `Needed` explains.

    >>> step_operations(Transformer(n_layer=1, n_head=1, d_model=4, dropout=0.0), 10, 2, 1)
    1632
    """
    body, head = forward_operations(model, vocab_size, length, first)
    frozen_head = model.tied_head and model.freeze_embeddings
    return 3 * body + (2 if frozen_head else 3) * head


def forward_operations(
    model: Transformer, vocab_size: int, length: int, first: int
) -> tuple[int, int]:
    """Count the operations of one sentence forward: (all layers, head)."""
    middle = (model.n_layer - 1) * _layer_operations(model.d_model, length, 0)
    last = _layer_operations(model.d_model, length, first)
    return middle + last, 2 * model.d_model * vocab_size * (length - first)


def _layer_operations(d: int, length: int, first: int) -> int:
    """Count one layer's operations forward, if positions `first` and later leave it."""
    attending = range(max(first, 1), length)
    values, queries = length, len(attending)
    keys = length if queries else 0
    leaving = length - first
    rows_of_d_by_d = keys + values + queries + leaving + 8 * leaving  # … + out + MLP
    return 2 * d * d * rows_of_d_by_d + 4 * d * sum(attending)

"""Defaults that depend on the model: kinds, optimizer, batch size."""

from __future__ import annotations

from typing import Any

from retrodict.models import ModelConfig, model_named
from retrodict.recipes import expanded


def completed(data: Any) -> Any:
    """Fill in the kinds and the batch size that an experiment leaves out; a task has no default.

    The paper trains its transformers with AdamW in batches of 64, follows the bilinear model
    by gradient flow (here: SGD on all sentences), the one-layer model by SGD with batch 1. The
    relational model is ours: AdamW on all sentences.
    """
    if not isinstance(data, dict):
        return data
    data = expanded(data)
    if isinstance(objective := data.get("objective", {}), dict):
        data = {**data, "objective": {"kind": "next_token", **objective}}
    model = data.get("model", {})
    if isinstance(model, dict):
        model = {"kind": "transformer", **model}
        data = {**data, "model": model}
    usual = model_named(model["kind"]) if isinstance(model, dict) else type(model)
    if usual is None or not issubclass(usual, ModelConfig):
        return data
    optimizer, training = data.get("optimizer", {}), data.get("training", {})
    if isinstance(optimizer, dict):
        data = {**data, "optimizer": {"kind": usual.optimizer, **optimizer}}
    if isinstance(training, dict):
        data = {**data, "training": {"batch_size": usual.batch_size, **training}}
    return data

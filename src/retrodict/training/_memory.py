"""Refuse a population that cannot fit, before anything is allocated."""

from __future__ import annotations

from pathlib import Path

import torch

from retrodict.errors import BadInput
from retrodict.experiment import Experiment

_COPIES = {"adamw": 4, "sgd": 3}
"""Parameters, gradients and the optimiser's state, each as large as the parameters."""


def require_memory(experiment: Experiment) -> None:
    """Compare what a resolved experiment's weights, gradients and optimiser need with what is free.

    Activations are not counted: sentences are a few tokens long.

    Raises:
        BadInput: it cannot fit; the message says how many learners would.
    """
    training = experiment.training
    size = 8 if training.precision == "float64" else 4
    corpus = experiment.task.corpus(training.seed)
    count = experiment.model.parameter_count(corpus.vocab_size, corpus.tokens.shape[1] - 1)
    one = count * size * _COPIES[experiment.optimizer.kind]
    available = _available_bytes(torch.device(training.device))
    if available is None or training.learners * one <= available:
        return
    fit = available // one
    remedy = f"training.learners={fit} would fit" if fit else "not even one learner fits"
    raise BadInput(
        f"training.learners: {training.learners} learners of {count / 1e6:.0f} million parameters "
        f"need {training.learners * one / 2**30:.0f} GiB and {training.device} has "
        f"{available / 2**30:.0f} GiB free; {remedy}"
    )


def _available_bytes(device: torch.device) -> int | None:
    """Free memory of a device, or None where it cannot be told."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if "MemAvailable" in line)
    except (OSError, StopIteration):
        return None

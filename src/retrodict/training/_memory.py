"""How many learners fit into memory at a time, determined before anything is allocated.

    a learner         (2 + s) parameters; s = 2 of AdamW's state, 1 of momentum, else 0; the
                      parameters are there twice while they are drawn, and when they are read back
    one by one        and, for each learner in work, a block's gradient, the activations, and what
                      its process does not share
    all together      and, for every learner, its gradient (once by itself, once beside the others)
                      and the activations; of graphs on a GPU, these for two shapes of batch

A population that does not fit is trained in parts, one after another, each of some learners: they
are independent, so this alters nothing but the time.
"""

from __future__ import annotations

from typing import NamedTuple

import torch

from retrodict.errors import BadInput
from retrodict.experiment import AdamW, Placed
from retrodict.limits import available_bytes, free_memory
from retrodict.tasks import Corpus
from retrodict.trace import require_memory_for
from retrodict.training._policy import workers_of

_OF_A_PROCESS = 2**24
"""Bytes of a forked process that it does not share; measured: 13 million."""


def learners_at_a_time(experiment: Placed) -> int:
    """Return how many learners of an experiment fit into memory at a time.

    Where not all do, the final weights of those before stay in the host's memory.

    Raises:
        BadInput: not even one does; or one does, and the final weights of all do not; or what is
            recorded of all does not.
    """
    training = experiment.training
    corpus = experiment.corpus()
    require_memory_for(experiment, corpus)
    available = _available_bytes(torch.device(training.device))
    if available is None:
        return training.learners
    need = needed_bytes(experiment, corpus)
    room = available - need.once
    if training.learners * need.each <= room:
        return training.learners
    results = need.result if training.device == "cpu" else 0
    fit = (room - training.learners * results) // need.each
    if fit >= 1:
        return int(fit)
    on_cpu = training.device == "cpu"
    free = free_memory() if on_cpu else f"{available / 2**30:.1f} GiB free"
    has = f"{training.device} has {free}"
    million = f"{need.parameters / 1e6:.0f} million parameters"
    if need.each > room:
        raise BadInput(
            f"model: one learner of {million} needs {(need.once + need.each) / 2**30:.1f} GiB to "
            f"be trained and {has}; make n_layer, d_model or batch_size smaller"
        )
    raise BadInput(
        f"training.learners: {training.learners} learners of {million} end with "
        f"{training.learners * results / 2**30:.1f} GiB of weights and {has}, while one more is "
        f"trained; training.learners={max(1, (room - need.each) // results)} would fit"
    )


class Need(NamedTuple):
    """What a training needs, in bytes: once, for each learner, and for each one's final weights."""

    once: int
    each: int
    result: int
    parameters: int


def needed_bytes(experiment: Placed, corpus: Corpus | None = None) -> Need:
    """Return what an experiment needs, whose corpora are of the size of this one."""
    training, model, optimizer = experiment.training, experiment.model, experiment.optimizer
    size = 8 if training.precision == "float64" else 4
    corpus = corpus or experiment.corpus()
    batch, length = experiment.examples(corpus).inputs.shape
    count = model.parameter_count(corpus.vocab_size, length)
    state = 2 if isinstance(optimizer, AdamW) else int(optimizer.momentum > 0)
    if training.batch_size != "all":
        batch = min(batch, training.batch_size)
    work = model.activation_count(batch * length, corpus.vocab_size)
    if experiment.is_one_by_one:
        at_work = workers_of(experiment) * (work + count // model.blocks)
        own = workers_of(experiment) * _OF_A_PROCESS
        return Need(at_work * size + own, count * (2 + state) * size, count * size, count)
    shapes = 2 if experiment.execution == "compiled" else 1
    each = count * (2 + state) + shapes * (count + work)
    return Need(0, each * size, count * size, count)


def _available_bytes(device: torch.device) -> int | None:
    """Return the free memory of a device; None if unknown."""
    if device.type == "cuda":
        free: int = torch.cuda.mem_get_info(device)[0]
        return free + torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
    return available_bytes()

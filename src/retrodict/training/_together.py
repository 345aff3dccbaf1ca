"""Learners trained together, as one batched model."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from functools import cached_property

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn import functional as F

from retrodict.experiment import Placed
from retrodict.models import Population
from retrodict.models._dropout import HashMasks, dropped_of_65536
from retrodict.seeds import DROPOUT, stream
from retrodict.training._batches import Batch, Sentences
from retrodict.training._compiler import refused, require_compiled
from retrodict.training._evaluation import Evaluation
from retrodict.training._policy import products_in, threads_of_torch
from retrodict.training._update import Update


class Together:
    """All learners in one batched step, by autograd."""

    def __init__(
        self,
        experiment: Placed,
        population: Population,
        update: Update,
        sentences: Sentences,
        evaluation: Evaluation,
    ) -> None:
        self.population, self.update, self.sentences = population, update, sentences
        self.evaluation, self.device = evaluation, sentences.device
        self.rate, self.steps = population.dropout, experiment.steps_per_epoch
        self.threads = experiment.threads if experiment.threads_matter else 1
        self.precision = experiment.training.precision
        self.compiled = experiment.execution == "compiled"
        if self.compiled:
            torch.compiler.reset()  # what others compiled counts against a limit of ours
        self._replays: dict[tuple[int, ...], Callable[..., Tensor]] = {}

    def train_epoch(self, epoch: int) -> Float[Tensor, " learner"]:
        """Pass once over the sentences; return each learner's mean loss, in float64."""
        keys = self._keys(epoch)
        losses = []
        with products_in(self.precision), threads_of_torch(self.threads):
            for step, batch in enumerate(self.sentences.batches(slice(None), epoch)):
                losses.append(self._gradients(batch, keys[step]))
                self.update.begin(slice(None))
                self.update.apply_all(self.population.flat_grad)
        return torch.stack(losses).double().mean(0)

    def measure(self, epoch: int) -> dict[str, np.ndarray]:
        """Ask every learner what is recorded after an epoch, learner axis first.

        Without lower precision, since the weights are measured, not the arithmetic.
        """
        with torch.no_grad(), products_in("float32"), threads_of_torch(self.threads):
            ask = self.population, self.population.embed
            return self.evaluation.measure(epoch, slice(None), *ask)

    def _gradients(self, batch: Batch, keys: Tensor) -> Tensor:
        """Write `flat_grad`; return each learner's loss."""
        given = [keys, *(part.contiguous() for part in batch if part is not None)]
        if not (self.compiled and self.device.type == "cuda"):
            return self._forward_backward(*given)
        shape = tuple(batch.inputs.shape)
        if shape not in self._replays:
            self._replays[shape] = captured(self._forward_backward, given)
        return self._replays[shape](*given)

    def _forward_backward(self, keys: Tensor, *batch: Tensor) -> Tensor:
        work = self._compiled if self.compiled else self._losses_of
        try:
            losses = work(keys, *batch)
            self.population.backward(losses.sum())
        except Exception as error:
            if self.compiled and (told := refused(error)):
                raise told from error
            raise
        return losses.detach()

    @cached_property
    def _compiled(self) -> Callable[..., Tensor]:
        def losses_of(*given: Tensor) -> Tensor:
            require_compiled()
            return self._losses_of(*given)

        return torch.compile(losses_of, fullgraph=True, dynamic=False)

    def _losses_of(
        self,
        keys: Tensor,
        inputs: Tensor,
        targets: Tensor,
        weights: Tensor | None = None,
        bidirectional: Tensor | None = None,
    ) -> Tensor:
        drops, dtype = dropped_of_65536(self.rate) > 0, self.population.flat.dtype
        masks = HashMasks(keys, self.rate, dtype) if drops else None
        with self._autocast():
            more = () if bidirectional is None else (bidirectional,)
            logits = self.population(inputs, self.sentences.first, masks, *more)
        token_nll = F.cross_entropy(
            logits.flatten(0, 2).to(dtype), targets.flatten(), reduction="none"
        )
        if weights is not None:
            token_nll = token_nll * weights.flatten()
        return token_nll.view(len(logits), -1).mean(1)

    def _keys(self, epoch: int) -> Int[Tensor, "step learner"]:
        """Numbers that decide the dropout masks of each step and learner of an epoch."""
        drawn = [
            stream(seed, DROPOUT, epoch).generate_state(self.steps, np.uint32)
            for seed in self.population.seeds
        ]
        return torch.from_numpy(np.stack(drawn, 1).astype(np.int64)).to(self.device)

    def _autocast(self) -> contextlib.AbstractContextManager[object]:
        if self.precision != "bfloat16":
            return contextlib.nullcontext()
        return torch.autocast(self.device.type, torch.bfloat16)


def captured(
    work: Callable[..., Tensor], example: Sequence[Tensor]
) -> Callable[..., Float[Tensor, " learner"]]:
    """Record what `work` launches on a GPU as one graph, and return a replay of it.

    At a few tokens a sentence, launching kernels one by one would take longer than running them.
    Parameters are read where they lie, so updates in place are seen.
    """
    device = example[0].device
    static = [tensor.clone() for tensor in example]
    with torch.cuda.device(device):
        side = torch.cuda.Stream()
        side.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(side):  # compiles, and lets libraries make their workspaces
            for _ in range(3):
                work(*static)
        torch.cuda.current_stream().wait_stream(side)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            result = work(*static)

    def replay(*given: Tensor) -> Tensor:
        for home, tensor in zip(static, given, strict=True):
            home.copy_(tensor)
        with torch.cuda.device(device):
            graph.replay()
        return result.clone()

    return replay

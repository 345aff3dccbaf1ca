"""One learner of an analysed model as rows and targets, and three ways to compute its path."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Float, Int

from retrodict.errors import BadInput
from retrodict.experiment import SGD, Experiment
from retrodict.models import Bilinear, OneLayer
from retrodict.seeds import INIT, sentence_order, stream
from retrodict.tasks import Corpus
from retrodict.theory._closed_form import row_logits, row_nll
from retrodict.theory._dynamics import nll
from retrodict.theory._gram_flow import GramFlow
from retrodict.theory._row_sgd import descend_rows
from retrodict.trace import PANELS

METHODS = ("auto", "flow", "steps", "limit")
Snapshot = tuple[Float[np.ndarray, "token m"], float]
"""Logits after the tokens of interest at an epoch, and the training loss recorded there."""

_MOST_EMBEDDINGS, _MOST_PARAMETERS = 2**26, 2**24  # above, drawn from their law only


def require_theory(experiment: Experiment) -> tuple[Bilinear | OneLayer, SGD]:
    """Return model and optimiser of an experiment, if theory covers both.

    Raises:
        BadInput: it does not; the message says what theory covers.
    """
    model, optimizer = experiment.model, experiment.optimizer
    if not isinstance(model, Bilinear | OneLayer):
        raise BadInput(
            f"model.kind: {model.kind} has no theory; choose from bilinear (task pairs) and "
            "one_layer (tasks pairs, reversal, chain)"
        )
    if not isinstance(optimizer, SGD):
        raise BadInput(f"optimizer.kind: theory follows sgd, not {optimizer.kind}; choose sgd")
    if optimizer.lr * optimizer.weight_decay >= 1:
        raise BadInput(
            f"optimizer.weight_decay: {optimizer.weight_decay:g} at lr {optimizer.lr:g} overshoots "
            "zero in one step; lr times weight_decay must be below 1"
        )
    return model, optimizer


class Learner:
    """One learner: its sentences as rows and targets, its start, and its path."""

    def __init__(self, experiment: Experiment, seed: int, corpus: Corpus) -> None:
        self.model, self.optimizer = require_theory(experiment)
        self.seed, self.corpus = seed, corpus
        examples = experiment.examples(corpus)
        if examples.inputs.shape[1] > 2:
            raise BadInput(
                f"task: {experiment.task.kind} asks with {examples.inputs.shape[1]} tokens, and "
                "theory covers prompts whose context is one token; choose pairs, or reversal or "
                "chain with entity_length 1"
            )
        # the model reads the row of a prompt's first token, for every relation
        self.answers = examples.targets.shape[1]
        inputs = np.repeat(examples.inputs[:, 0], self.answers)
        self._sentences = len(examples.inputs)
        size = experiment.training.batch_size
        self._batch_size = self._sentences if size == "all" else size
        self._steps_of_a_pass = experiment.steps_per_epoch
        rate = self.optimizer.lr / (1 - self.optimizer.momentum)
        self._time_of_a_pass = rate * self._steps_of_a_pass
        self.flow = self._system((inputs, examples.targets.ravel()))
        asked = [group.tokens[:, 0] for group in corpus.groups]
        sources = [panel.sources[:, 0] for panel in corpus.panels]
        self.tokens = np.unique(np.concatenate([*asked, *sources, self.flow.rows]))
        self._row_places = np.searchsorted(self.tokens, self.flow.rows)

    @property
    def limit_is_exact(self) -> bool:
        """Whether the closed form is exact for this learner, not only in the limit."""
        return isinstance(self.model, OneLayer) and self._limit_obstacle() is None

    def follow(self, method: str, epochs: list[int]) -> Iterator[Snapshot]:
        """Yield a snapshot at each epoch."""
        ways = {"flow": self._flow, "steps": self._steps, "limit": self._limit}
        return ways[method](epochs)

    def curves(
        self, logits: Float[np.ndarray, "token m"], loss: float
    ) -> dict[str, np.ndarray | float]:
        """Return what training records at an epoch: the loss, and every curve over groups."""
        asked = [
            measure(self._after(group.tokens[:, 0], logits), group.answers[:, 0], group.candidates)
            for group in self.corpus.groups
        ]
        found = {name: np.array([group[name] for group in asked]) for name in asked[0]}
        return {"training_loss": loss, **found}

    def weights(self, logits: Float[np.ndarray, "token m"]) -> dict[str, np.ndarray]:
        """Read the matrices of `PANELS` off the logits, panel by panel."""
        found = {}
        for panel in self.corpus.panels:
            sources = panel.sources[:, 0]
            matrix = self._after(sources, logits)[:, panel.targets]
            matrices = (matrix, matrix, self._cosine(sources, panel.targets))
            for name, weights in zip(PANELS, matrices, strict=True):
                found[f"{panel.name}/{name}"] = weights
        return found

    def _after(
        self, tokens: Int[np.ndarray, " query"], logits: Float[np.ndarray, "token m"]
    ) -> Float[np.ndarray, "query m"]:
        return np.asarray(logits[np.searchsorted(self.tokens, tokens)])

    def _system(self, sentences: tuple[np.ndarray, np.ndarray]) -> GramFlow:
        """Write the learner in Gram coordinates; `sentences` are inputs and targets."""
        model, m, decay = self.model, self.corpus.vocab_size, self.optimizer.weight_decay
        if isinstance(model, OneLayer):
            weights = model.weights(m, self.seed)
            return GramFlow(
                None,
                *sentences,
                m=m,
                start_logits=None if model.factors or not model.sigma else weights[0],
                factors=weights if model.factors else (),
                parametrisation={"merged": "full"}.get(model.value_output, model.value_output),
                weight_decay=decay,
            )
        parameters = model.d * (model.columns if model.factors else model.d) if model.sigma else 0
        if m * model.d <= _MOST_EMBEDDINGS and parameters <= _MOST_PARAMETERS:
            return GramFlow.from_embeddings(
                model.embeddings(m, self.seed),
                *sentences,
                model.weights(self.seed) if model.sigma else None,
                model.parametrisation,
                decay,
            )
        return GramFlow.draw(
            model.d,
            m,
            *sentences,
            sigma=model.sigma,
            parametrisation=model.parametrisation,
            rank=model.rank,
            weight_decay=decay,
            seed=stream(self.seed, INIT),
        )

    def _flow(self, epochs: list[int]) -> Iterator[Snapshot]:
        """Integrate the gradient flow; the training loss of a pass is the flow's at its start.

        This is because training records each sentence's loss once per pass, before its own step.
        """
        needed = sorted({*epochs, *(epoch - 1 for epoch in epochs if epoch)})
        times = self._time_of_a_pass * np.array(needed, dtype=float)
        path = self.flow.follow(times, self.tokens, rtol=1e-8, atol=1e-10)
        losses = {}
        for epoch, (_, logits) in zip(needed, path, strict=True):
            losses[epoch] = self.flow.loss_of(logits[self._row_places])
            if epoch in epochs:
                yield logits, losses.get(epoch - 1, math.nan)

    def _limit(self, epochs: list[int]) -> Iterator[Snapshot]:
        """Evaluate the closed form, row by row."""
        obstacle = self._limit_obstacle()
        if obstacle:
            raise BadInput(f"method: limit has no closed form for {obstacle}; choose flow")
        wanted, m = self.flow.wanted, self.flow.m
        kinds, often, count = (wanted > 0).sum(axis=1), wanted.max(axis=1), len(self.flow.inputs)
        share = wanted.sum(axis=1) / count
        logits = np.zeros((len(self.tokens), m))

        def tau(epoch: int) -> Float[np.ndarray, " row"]:
            return np.asarray(self._time_of_a_pass * epoch * often / count)

        for epoch in epochs:
            up, down = (np.asarray(x)[:, None] for x in row_logits(tau(epoch), m, kinds))
            logits[self._row_places] = np.where(wanted > 0, up, down)
            yield logits, float(share @ row_nll(tau(epoch - 1), m, kinds)) if epoch else math.nan

    def _steps(self, epochs: list[int]) -> Iterator[Snapshot]:
        """Take every step of every pass, in training's order."""
        losses = [math.nan]
        batches = (batch for epoch in range(1, epochs[-1] + 1) for batch in self._batches(epoch))
        path = self._path_of_steps(batches)
        logits = self.flow.logits(self.flow.start, self.tokens)
        for before, epoch in itertools.pairwise([0, *epochs]):
            for _ in range(before, epoch):
                losses = []
                for _ in range(self._steps_of_a_pass):
                    loss, after = next(path)
                    losses.append(loss)
                logits = after()
            yield logits, float(np.mean(losses))

    def _path_of_steps(
        self, batches: Iterator[Int[np.ndarray, " example"]]
    ) -> Iterator[tuple[float, Callable[[], Float[np.ndarray, "token m"]]]]:
        """Yield each step's loss, and a way to get the logits after it."""
        flow, optimizer = self.flow, self.optimizer
        decoupled = flow.gram is None and flow.parametrisation == "full"
        if not decoupled or optimizer.momentum or optimizer.weight_decay:
            for loss, state in flow.descend(optimizer.lr, batches, optimizer.momentum):
                yield loss, functools.partial(flow.logits, state, self.tokens)
            return
        table = flow.logits(flow.start, self.tokens)  # a step moves only the rows it reads
        row_of = np.searchsorted(self.tokens, flow.inputs)
        for loss in descend_rows(table, row_of, flow.targets, optimizer.lr, batches):
            yield loss, table.copy

    def _batches(self, epoch: int) -> Iterator[Int[np.ndarray, " example"]]:
        order = sentence_order(self.seed, epoch, self._sentences)
        examples = order[:, None] * self.answers + np.arange(self.answers)
        for start in range(0, len(order), self._batch_size):
            yield examples[start : start + self._batch_size].ravel()

    def _limit_obstacle(self) -> str | None:
        if self.model.sigma:
            return f"sigma {self.model.sigma:g}"
        if self.optimizer.weight_decay:
            return f"weight_decay {self.optimizer.weight_decay:g}"
        if self.flow.parametrisation != "full":
            return f"parametrisation {self.flow.parametrisation}"
        wanted = self.flow.wanted
        if np.any((wanted > 0) & (wanted < wanted.max(axis=1, keepdims=True))):
            return "a token whose targets are not equally frequent"
        return None

    def _cosine(
        self, sources: Int[np.ndarray, " source"], targets: Int[np.ndarray, " target"]
    ) -> Float[np.ndarray, "source target"]:
        gram = self.flow.gram
        if gram is None:
            return np.asarray(sources[:, None] == targets, dtype=float)
        length = np.sqrt(np.diag(gram))
        lengths = np.outer(length[sources], length[targets])
        return np.asarray(gram[np.ix_(sources, targets)] / lengths)


def measure(
    logits: Float[np.ndarray, "q m"],
    answers: Int[np.ndarray, " q"],
    candidates: Int[np.ndarray, "q candidate"],
) -> dict[str, float]:
    """Return the mean over questions of every curve of a trace (see `recording.CURVES`)."""
    cost = nll(logits)
    at = answers[:, None]
    truth = np.take_along_axis(cost, at, axis=1)
    wrong = cost.copy()
    np.put_along_axis(wrong, at, np.inf, axis=1)
    likeliest = wrong.min(axis=1, keepdims=True)
    letters = np.take_along_axis(cost, candidates, axis=1)
    better, ties = (letters < truth).sum(axis=1), (letters == truth).sum(axis=1) - 1
    found = {
        "nll": truth,
        "entity_nll": truth,
        "accuracy": truth < likeliest,
        "wrong_probability": np.exp(-likeliest),
        "rank": 1 + better + ties / 2,
    }
    return {name: float(np.mean(values)) for name, values in found.items()}

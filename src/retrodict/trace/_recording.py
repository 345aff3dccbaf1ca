"""Arrays recorded by training and by theory, collected into a Trace."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import numpy as np
import xarray as xr

from retrodict.experiment import RESULTS_VERSION, Experiment
from retrodict.limits import require_memory
from retrodict.tasks import Corpus
from retrodict.trace._trace import FORMAT, Trace

CURVES = {
    "nll": "negative log-probability of the answer's first token (nats)",
    "entity_nll": "negative log-probability of the whole answer (nats)",
    "accuracy": "share of questions whose whole answer is the most probable at every token",
    "wrong_probability": "probability of the likeliest wrong first token",
    "rank": "rank of the answer's first token within its alphabet, 1 is best, ties count half",
}
"""Variables over (learner, epoch, group); each is a mean over the group's questions."""

CONTROLS = {
    "wrong_nll": "negative log-probability of a wrong first token of the answer's alphabet, mean "
    "over all of them (nats)",
    "wrong_accuracy": "share of questions to which a wrong token drawn from the answer's alphabet "
    "would be the most probable answer",
    "echo": "share of questions whose most probable answer is, wrongly, the question's first token",
    "neither": "share of questions whose most probable answer is neither right nor an echo",
}
"""Variables over (learner, epoch, group) that are recorded if `record.controls` is true; like the
accuracy's, their answers are those to the first token."""

PANELS = {
    "entity_only": "logit of the target token after the source entity alone",
    "prompt_matched": "logit of the target token after the source entity and its relation",
    "embedding_cosine": "cosine of the embeddings of the source's first token and the target",
}
"""Variables over (learner, snapshot, source, target)."""


LOSSES = {
    "training": "mean over the pass's steps of the loss before the step, dropout on",
    "theory": "loss at the pass's start, or (steps) mean over its steps of the loss before each",
}
"""What `training_loss` is, by where a trace comes from."""


def curves_of(experiment: Experiment) -> dict[str, str]:
    """Return the variables over (learner, epoch, group) that an experiment records."""
    return CURVES | CONTROLS if experiment.record.controls else CURVES


def require_memory_for(experiment: Experiment, corpus: Corpus) -> None:
    """Refuse an experiment whose corpora and records would not fit into memory.

    Raises:
        BadInput: they would not.
    """
    training, record = experiment.training, experiment.record
    epochs = len(range(0, training.epochs, record.every)) + 1
    snapshots = sum(epoch <= training.epochs for epoch in record.weights_at)
    cells = sum(len(panel.sources) * len(panel.targets) for panel in corpus.panels)
    curves = len(curves_of(experiment)) * len(corpus.groups) + 1
    recorded = 8 * epochs * curves + 4 * snapshots * len(PANELS) * cells
    require_memory(
        training.learners * (recorded + 2 * corpus.nbytes) + 100 * epochs,
        f"training, record: what is asked and recorded of {training.learners} learners",
        "make record.every larger, record.weights_at shorter, or training.learners smaller",
    )


Fill = Callable[[tuple[int, ...], float, type], np.ndarray]
"""Makes an array of some shape, value and type."""


class Recording:
    """Room for everything a trace holds, NaN until it is filled.

    Attributes:
        epochs, snapshots: when curves and effective weights are recorded.
        arrays: variable name → values; those of a panel are named `panel/variable`. Curves are
            (learner, epoch, group), matrices (learner, snapshot, source, target).
    """

    def __init__(
        self,
        experiment: Experiment,
        corpora: Sequence[Corpus],
        source: Literal["training", "theory"],
        fill: Fill = np.full,
    ) -> None:
        self.experiment, self.corpora, self.source = experiment, corpora, source
        training, record = experiment.training, experiment.record
        self.epochs = sorted({*range(0, training.epochs, record.every), training.epochs})
        self.snapshots = [e for e in record.weights_at if e <= training.epochs]
        shape = (len(corpora), len(self.epochs))
        self.arrays: dict[str, np.ndarray] = {
            name: fill((*shape, len(corpora[0].groups)), np.nan, np.float64)
            for name in curves_of(experiment)
        }
        self.arrays["training_loss"] = fill(shape, np.nan, np.float64)
        self.arrays["diverged_at"] = fill((len(corpora),), np.nan, np.float64)
        for panel in corpora[0].panels:
            for name in PANELS:
                size = (len(corpora), len(self.snapshots), len(panel.sources), len(panel.targets))
                self.arrays[f"{panel.name}/{name}"] = fill(size, np.nan, np.float32)

    @property
    def alive(self) -> np.ndarray:
        """Which learners have stayed finite so far."""
        never: np.ndarray = np.isnan(self.arrays["diverged_at"])
        return never

    def wants(self, epoch: int) -> bool:
        """Whether anything is recorded after this epoch."""
        return epoch in self.epochs or epoch in self.snapshots

    def write(
        self, epoch: int, learners: int | np.ndarray, found: Mapping[str, np.ndarray | float]
    ) -> None:
        """Record values of a learner, or of a mask of learners, by the names of `arrays`."""
        for name, values in found.items():
            times = self.snapshots if "/" in name else self.epochs
            self.arrays[name][learners, times.index(epoch)] = values

    def end(self, epoch: int, values: np.ndarray) -> None:
        """End the curves of learners whose value is not finite (a missing epoch 0 is fine)."""
        if epoch > 0:
            self.arrays["diverged_at"][self.alive & ~np.isfinite(values)] = epoch

    def trace(self) -> Trace:
        """Collect everything recorded so far."""
        corpus, training = self.corpora[0], self.experiment.training
        groups = corpus.groups
        data: dict[str, tuple[tuple[str, ...], np.ndarray, dict[str, str]]] = {
            name: (("learner", "epoch", "group"), self.arrays[name], {"description": text})
            for name, text in curves_of(self.experiment).items()
        }
        data["training_loss"] = (
            ("learner", "epoch"),
            self.arrays["training_loss"],
            {"description": LOSSES[self.source]},
        )
        data["diverged_at"] = (
            ("learner",),
            self.arrays["diverged_at"],
            {"description": "epoch at which the learner became non-finite; NaN: it never did"},
        )
        learners = {
            "learner": np.arange(training.learners),
            "seed": ("learner", np.array(training.seeds)),
        }
        curves = xr.Dataset(
            data,
            coords={
                **learners,
                "epoch": np.array(self.epochs),
                "group": [g.name for g in groups],
                "trained": ("group", np.array([g.trained for g in groups])),
                "questions": ("group", np.array([len(g) for g in groups])),
                "alphabet_nll": (
                    "group",
                    np.array([math.log(g.candidates.shape[1]) for g in groups]),
                    {"description": "NLL of a guess among the answer's alphabet (nats)"},
                ),
            },
            attrs={
                "source": self.source,
                "experiment": self.experiment.anywhere().to_yaml(),
                "uniform_nll": math.log(corpus.vocab_size),
                "results_version": RESULTS_VERSION,
                "format": FORMAT,
                "panels": " ".join(panel.name for panel in corpus.panels),
            },
        )
        weights = {
            panel.name: xr.Dataset(
                {
                    name: (
                        ("learner", "snapshot", "source", "target"),
                        self.arrays[f"{panel.name}/{name}"],
                        {"description": text},
                    )
                    for name, text in PANELS.items()
                },
                coords={**learners, "snapshot": np.array(self.snapshots, dtype=np.int64)},
                attrs={"title": panel.title},
            )
            for panel in corpus.panels
        }
        return Trace(curves, weights)

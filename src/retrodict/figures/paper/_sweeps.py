"""Figures 5 to 18: one for each of two tasks and six settings, and one for the span of the loss.

A figure has a panel and two claims for each value of its setting. It is known that the paper varies
these settings [N], but their values are known for V only [S]. The others are ours [R], as are all
values of the smaller scales. Table 3 is made from them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import SCALES, Scale, Settings, changed, sweep_experiment
from retrodict.plots import Figure, plot_panels


@dataclass(frozen=True)
class Axis:
    """One setting and its values.

    Attributes:
        key: the setting as `--set` writes it.
        figure: the end of the figures' names.
        about: a description.
        label: a panel's title; `{}` stands for the value.
        headline: the start of the figures' headline.
        paper: the end of the paper's statement about it.
        values: scale → values, in order.
        grade: how certain the paper's statement is.
        changes: (scale, value) → further changed settings, so that the facts are memorised at no
            higher cost than at the axis's other values.
    """

    key: str
    figure: str
    about: str
    label: str
    headline: str
    paper: str
    values: Mapping[Scale, tuple[Any, ...]]
    grade: str = "N"
    changes: Mapping[tuple[Scale, Any], Settings] = field(default_factory=dict)

    def name(self, value: Any) -> str:
        """The display name of a value.

        >>> [AXES[1].name(count) for count in (1, 2)], AXES[5].name(True)
        (['1 layer', '2 layers'], 'frozen embeddings')
        """
        said = self.label.format(self.word(value))
        single = type(value) is int and value == 1  # True is no number here
        return said[:-1] if single and said.endswith("s") else said

    def word(self, value: Any) -> str:
        """A value without its unit.

        >>> AXES[5].word(False)
        'trained'
        """
        if isinstance(value, bool):
            return "frozen" if value else "trained"
        return "no" if value == "none" else str(value)


AXES = (
    Axis(
        "task.vocab_size",
        "vocab-sizes",
        "entity tokens V",
        "V = {}",
        "Few facts or many",
        "for every vocabulary size",
        {"smoke": (20, 50), "laptop": (20, 50, 200, 2000), "paper": (20, 50, 200, 2000)},
        changes={("laptop", 2000): {"training.epochs": 45}},
    ),
    Axis(
        "model.n_layer",
        "layers",
        "layers",
        "{} layers",
        "Shallow or deep",
        "whatever the number of layers",
        {"smoke": (1, 2), "laptop": (1, 2, 4), "paper": (6, 12, 24)},
    ),
    Axis(
        "model.n_head",
        "heads",
        "attention heads",
        "{} heads",
        "Few heads or many",
        "whatever the number of heads",
        {"smoke": (1, 4), "laptop": (1, 4, 8), "paper": (4, 12, 24)},
        grade="R",
    ),
    Axis(
        "model.position",
        "positions",
        "position encoding",
        "{} positions",
        "Whatever the position encoding",
        "without positions, with absolute and with relative ones",
        dict.fromkeys(SCALES, ("none", "absolute", "rotary")),
    ),
    Axis(
        "task.entity_length",
        "entity-length",
        "tokens in an entity, k",
        "k = {}",
        "Entities of several tokens",
        "also where an entity is a word of several tokens",
        {"smoke": (1, 2), "laptop": (1, 2, 3), "paper": (1, 2, 3)},
        changes={
            ("smoke", 2): {"task.vocab_size": 200, "optimizer.lr": 0.002, "training.epochs": 150}
        },
    ),
    Axis(
        "model.freeze_embeddings",
        "frozen-embeddings",
        "token and position embeddings",
        "{} embeddings",
        "Trained or frozen embeddings",
        "also where the embeddings stay as initialised",
        dict.fromkeys(SCALES, (False, True)),
    ),
)

_TASKS = {
    "reversal": ("The reversal curse", "the unseen direction stays unknown"),
    "chain": ("The failure to conclude A ⇝ C", "A ⇝ C does not follow"),
}
"""Task → the curse, in the paper's words and in the headline."""

_SIZES = (
    "S",
    "The reversal curse for V = 20, 50, 200, 2000, with 9, 20, 85, 850 training sentences and 1, "
    "4, 15, 150 validation sentences.",
)
"""Grade and words of the paper's figure 5."""


def _sweep(task: str, axis: Axis) -> PaperFigure:
    curse, headline = _TASKS[task]
    name = f"{task}-{axis.figure}"
    grade, paper = axis.grade, f"{curse} appears {axis.paper}."
    if name == "reversal-vocab-sizes":
        grade, paper = _SIZES
    return PaperFigure(
        name=name,
        title=f"{task}: {axis.about}",
        grade=grade,
        paper=paper,
        experiments=partial(_experiments, task, axis),
        draw=lambda inputs: plot_panels(inputs.traces, f"{axis.headline}: {headline}"),
        check=_check,
        sweep=True,
    )


def _experiments(task: str, axis: Axis, scale: Scale) -> dict[str, Experiment]:
    found = {}
    for value in axis.values[scale]:
        experiment = sweep_experiment(task, scale).changed({axis.key: value})
        found[axis.name(value)] = changed(experiment, axis.changes.get((scale, value), {}))
    return found


def _check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that in every panel taught facts are memorised and held-out ones only guessed."""
    for name, trace in inputs.traces.items():
        caption.curse(name, trace)


SWEEPS = tuple(_sweep(task, axis) for axis in AXES for task in _TASKS)
"""Setting by setting, each on both tasks."""


def _draw_whole_sequence(inputs: FigureInputs) -> Figure:
    """Draw two panels; the chain's training loss has a floor, since → or ⇝ may follow A."""
    reversal, chain = inputs.traces.values()
    panels = {"reversal": reversal, "chain (floor: → or ⇝ may follow A)": chain}
    return plot_panels(panels, "Loss on every token: the curse stands")


_SLOWER: dict[Scale, Settings] = {"laptop": {"optimizer.lr": 0.0005, "training.epochs": 220}}
"""At lr 0.001 losses still spike near the last epoch, differently on each processor."""


def _whole_sequence_experiment(task: str, scale: Scale) -> Experiment:
    experiment = changed(sweep_experiment(task, scale), _SLOWER.get(scale, {}))
    return experiment.changed({"objective.span": "whole_sequence"})


WHOLE_SEQUENCE_LOSS = PaperFigure(
    name="whole-sequence-loss",
    title="reversal and chain: loss on the whole sequence",
    grade="N",
    paper="The results are the same where the loss is taken on the whole sequence. "
    "(The training loss of the chain cannot reach 0: A is followed by → or by ⇝.)",
    experiments=lambda scale: {task: _whole_sequence_experiment(task, scale) for task in _TASKS},
    draw=_draw_whole_sequence,
    check=_check,
    sweep=True,
)

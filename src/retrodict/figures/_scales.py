"""The same experiment at three scales: smoke (seconds), laptop (minutes), paper (a GPU)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from retrodict.experiment import Experiment

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = get_args(Scale)

Settings = Mapping[str, Any]
"""Changes to an experiment, such as `{"task.vocab_size": 200}`."""

_SIZES: dict[Scale, dict[str, Any]] = {
    "smoke": {
        "task": {"vocab_size": 200},
        "model": {"kind": "transformer", "n_layer": 1, "n_head": 4, "d_model": 64},
        "optimizer": {"kind": "adamw", "lr": 0.003},
        "training": {"epochs": 120},
        "record": {"every": 5, "weights_at": (0, 20, 40, 60, 120)},
    },
    "laptop": {
        "task": {"vocab_size": 800},
        "model": {"kind": "transformer", "n_layer": 2, "n_head": 4, "d_model": 128},
        "optimizer": {"kind": "adamw", "lr": 0.001},
        "training": {"epochs": 200},
        "record": {"every": 2, "weights_at": (0, 20, 40, 60, 80, 100, 130, 160, 200)},
    },
    "paper": {
        "task": {},
        "record": {"every": 10, "weights_at": (0, 30, 100, 200, 300, 500, 1000, 2000, 3000)},
    },
}

_SWEEP: dict[Scale, Settings] = {
    "smoke": {"task.vocab_size": 50, "training.epochs": 100},
    "laptop": {"task.vocab_size": 200, "training.epochs": 150, "record.every": 3},
}


def default_experiment(task: str, scale: Scale) -> Experiment:
    """Return the paper's default experiment on a task, reduced for the smaller scales.

    At paper scale: 24 layers, 12 heads, width 768, V = 800, AdamW at 0.01, 3000 epochs [S]. The
    smaller scales keep the task and its sentences, the objective, batch size, dropout, weight
    decay and ten learners, and cut depth, width and epochs; the learning rate is set so that the
    smaller model memorises its training set. Smoke also cuts V to 200.
    """
    sections = _SIZES[scale]
    return Experiment.model_validate({**sections, "task": {"kind": task, **sections["task"]}})


def both_tasks(scale: Scale) -> dict[str, Experiment]:
    """Return the default experiments of the reversal task and of the chain, by task."""
    return {task: default_experiment(task, scale) for task in ("reversal", "chain")}


def sweep_experiment(task: str, scale: Scale) -> Experiment:
    """Return the experiment of which a sweep changes one setting.

    At paper scale it is the default; the smaller scales cut V (to 200, 50) and epochs further, and
    the training set is memorised at most of the way (docs/reproduction.md).
    """
    return changed(default_experiment(task, scale), _SWEEP.get(scale, {}))


def changed(experiment: Experiment, settings: Settings) -> Experiment:
    """Change settings, if any, and then record effective weights at the last epoch only."""
    if not settings:
        return experiment
    epochs = settings.get("training.epochs", experiment.training.epochs)
    return experiment.changed({**settings, "record.weights_at": [epochs]})


def describe(experiments: Mapping[str, Experiment]) -> str:
    """Describe experiments in one line: the common configuration, then exceptions."""
    parts, several = [], []
    for label, read in _SAID.items():
        values = {name: read(experiment) for name, experiment in experiments.items()}
        untold = {name: value for name, value in values.items() if value not in name}
        if not untold or not any(values.values()):
            continue  # the names already say it
        usual = Counter(untold.values()).most_common(1)[0][0]
        others = {name: value for name, value in untold.items() if value != usual}
        if len(others) > _MOST_EXCEPTIONS:
            several.append(label)
            continue
        exceptions = "; ".join(f"{value}: {name}" for name, value in others.items())
        parts.append(usual + (f" ({exceptions})" if others else ""))
    end = f"; several {', '.join(several)}: retrodict show RUN" if several else ""
    return ", ".join(parts) + end


_MOST_EXCEPTIONS = 3
_SAID: dict[str, Callable[[Experiment], str]] = {
    "models": lambda e: e.model.sizes.get("models", ""),
    "depths": lambda e: e.model.sizes.get("depths", ""),
    "heads": lambda e: e.model.sizes.get("heads", ""),
    "widths": lambda e: e.model.sizes.get("widths", ""),
    "V": lambda e: f"V = {e.task.vocab_size}",
    "lr": lambda e: f"lr {e.optimizer.lr:g}",
    "lengths of training": lambda e: f"{e.training.epochs} epochs",
    "numbers of learners": lambda e: f"{e.training.learners} learners",
}
"""A name in the plural → what a figure's footer says about an experiment."""

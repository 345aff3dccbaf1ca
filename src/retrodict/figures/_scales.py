"""The same experiment at three scales: smoke (seconds), laptop (minutes), paper (a GPU)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

from retrodict.experiment import Experiment

Scale = Literal["smoke", "laptop", "paper"]
SCALES: tuple[Scale, ...] = get_args(Scale)

_SMALLER: dict[Scale, dict[str, Any]] = {
    "smoke": {
        "vocab_size": 200,
        "model": {"kind": "transformer", "n_layer": 1, "n_head": 4, "d_model": 64},
        "lr": 0.003,
        "epochs": 120,
        "every": 5,
        "weights_at": (0, 20, 40, 60, 120),
    },
    "laptop": {
        "vocab_size": 800,
        "model": {"kind": "transformer", "n_layer": 2, "n_head": 4, "d_model": 128},
        "lr": 0.001,
        "epochs": 200,
        "every": 2,
        "weights_at": (0, 20, 40, 60, 80, 100, 130, 160, 200),
    },
}

_SWEEP: dict[Scale, dict[str, Any]] = {
    "smoke": {**_SMALLER["smoke"], "vocab_size": 50, "epochs": 100, "weights_at": (100,)},
    "laptop": {
        **_SMALLER["laptop"],
        "vocab_size": 200,
        "epochs": 150,
        "every": 3,
        "weights_at": (150,),
    },
}

_PAPER_RECORD = {"every": 10, "weights_at": (0, 30, 100, 200, 300, 500, 1000, 2000, 3000)}


def default_experiment(task: str, scale: Scale) -> Experiment:
    """Return the paper's default experiment on a task, made smaller as the scale asks.

    At paper scale: 24 layers, 12 heads, width 768, V = 800, AdamW at 0.01, 3000 epochs [S]. The
    smaller scales keep the task and its sentences, the objective, batch size, dropout, weight
    decay and ten learners, and cut depth, width and epochs; the learning rate is raised or
    lowered to where the smaller model memorises its training set. Smoke also cuts V to 200.
    """
    return _experiment(task, _SMALLER.get(scale))


def sweep_experiment(task: str, scale: Scale) -> Experiment:
    """Return the experiment that a sweep changes one setting of.

    At paper scale it is the default; the smaller scales cut V (to 200, 50) and epochs further, and
    the training set is memorised at most of the way (docs/reproduction.md).
    """
    return _experiment(task, _SWEEP.get(scale))


def changed(experiment: Experiment, *overrides: str) -> Experiment:
    """Change settings, and keep effective weights at the last epoch, whichever that is then."""
    if not overrides:
        return experiment
    experiment = experiment.with_overrides(*overrides)
    return experiment.changed({"record.weights_at": [experiment.training.epochs]})


def _experiment(task: str, small: dict[str, Any] | None) -> Experiment:
    if small is None:
        return Experiment.model_validate({"task": {"kind": task}, "record": _PAPER_RECORD})
    return Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": small["vocab_size"]},
            "model": small["model"],
            "optimizer": {"kind": "adamw", "lr": small["lr"]},
            "training": {"epochs": small["epochs"]},
            "record": {"every": small["every"], "weights_at": small["weights_at"]},
        }
    )


def describe(experiments: Mapping[str, Experiment]) -> str:
    """Put the configuration of some experiments in one line: what is common, then exceptions.

    Args:
        experiments: name → experiment, at least one.
    """
    parts, several = [], []
    for label, read in _SAID.items():
        values = {name: read(experiment) for name, experiment in experiments.items()}
        untold = {name: value for name, value in values.items() if value not in name}
        if not untold or not any(values.values()):
            continue  # every name says it already
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
"""What a figure's small print says about an experiment."""

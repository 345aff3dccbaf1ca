"""Asymmetry and intransitivity [O]: one index for theory, one-layer and multi-layer models."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure, slug
from retrodict.figures._scales import Scale, both_tasks
from retrodict.measures import Interval, indices, over_learners
from retrodict.plots import plot_indices
from retrodict.progress import Tick
from retrodict.theory import predict
from retrodict.trace import Trace

TASKS = ("reversal", "chain")
_ONE_LAYER: dict[Scale, tuple[int, int]] = {
    "smoke": (50, 40),
    "laptop": (200, 100),
    "paper": (800, 100),
}
_INDICES = {
    "asymmetry": (
        "asymmetry:\nfacts taught one way",
        "share of the weight A to B missing from B to A, taught one way",
    ),
    "asymmetry_control": ("control:\nfacts taught both ways", "the same, taught both ways"),
    "intransitivity": (
        "intransitivity:\nA ⇝ C not taught",
        "share of the weaker step's weight missing from A to C, not taught",
    ),
    "intransitivity_control": ("control:\nA ⇝ C taught", "the same, taught"),
}
"""Index → its label in the drawing, and its description in a claim."""


def _one_layer(task: str, scale: Scale) -> Experiment:
    vocab_size, epochs = _ONE_LAYER[scale]
    return Experiment.model_validate(
        {
            "task": {"kind": task, "vocab_size": vocab_size},
            "model": {"kind": "one_layer"},
            "optimizer": {"kind": "sgd", "lr": 0.5},
            "training": {"epochs": epochs, "learners": 5},
            "record": {"every": epochs, "weights_at": [epochs]},
        }
    )


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return the multi-layer runs of figures 1 to 4, and one-layer runs of the same tasks."""
    return {
        **{f"transformer {task}": one for task, one in both_tasks(scale).items()},
        **{f"one-layer {task}": _one_layer(task, scale) for task in TASKS},
    }


def compute(scale: Scale, tick: Tick) -> dict[str, Trace]:
    """Predict the one-layer runs."""
    return {task: predict(_one_layer(task, scale)) for task in TASKS}


def found_indices(inputs: FigureInputs) -> dict[str, dict[str, Interval]]:
    """Return model → index → interval over learners.

    The captions of figures 2 and 4 read weights after the entity alone, a prompt that the model
    never saw; "whole prompt" reads them after entity and relation. For a one-layer model both are
    the same.
    """
    one_layer = [inputs.traces[f"one-layer {task}"] for task in TASKS]
    transformer = [inputs.traces[f"transformer {task}"] for task in TASKS]
    sources = {
        "one layer, theory": ([inputs.theory[task] for task in TASKS], "entity_only"),
        "one layer, trained": (one_layer, "entity_only"),
        "multi-layer, whole prompt": (transformer, "prompt_matched"),
        "multi-layer, entity alone": (transformer, "entity_only"),
    }
    return {
        model: {
            name: over_learners(values)
            for trace in traces
            for name, values in indices(trace, variant).items()
        }
        for model, (traces, variant) in sources.items()
    }


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that untaught directions lack nearly all of the weight, and taught ones almost none.

    After the entity alone, a trained leap lacks some weight, because the relation that asks for C
    rather than B is missing. There the claim is only that taught and untaught differ.
    """
    for model, values in found_indices(inputs).items():
        control = 0.5 if model.endswith("entity alone") else 0.2
        for index, (_, says) in _INDICES.items():
            name, statement = f"{slug(model)}-{index}", f"{model}: {says}"
            if index.endswith("control"):
                caption.within(name, statement, values[index], control)
            else:
                caption.at_least(name, statement, values[index], 0.8)


THEORY_INDICES = PaperFigure(
    name="theory-indices",
    title="asymmetry and intransitivity of effective weights: theory, one layer, multi-layer",
    grade="O",
    paper="Ours: do theory, one-layer and multi-layer models lack the same share of the weight?",
    experiments=experiments,
    theory=compute,
    draw=lambda inputs: plot_indices(
        found_indices(inputs),
        {index: label for index, (label, _) in _INDICES.items()},
        "How much weight the untaught direction and the untaught leap lack",
    ),
    check=check,
    note=lambda scale: (
        f"multi-layer: figures 1 to 4 at this scale; one layer: V = {_ONE_LAYER[scale][0]}, "
        "batch 1, lr 0.5, 5 learners"
    ),
)

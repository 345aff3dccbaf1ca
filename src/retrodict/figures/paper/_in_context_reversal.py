"""One of the figures 6 to 18 [N]: with the fact in the prompt there is no curse."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, Settings, changed, sweep_experiment
from retrodict.measures import final_values
from retrodict.plots import plot_probability

_SMALLER: dict[Scale, Settings] = {
    "smoke": {"task.vocab_size": 50, "task.x_tokens": 20, "training.epochs": 60},
    "laptop": {"task.vocab_size": 200, "task.x_tokens": 50, "training.epochs": 60},
}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return the experiment, with loss on the whole sentence, as in the paper [S]."""
    experiment = sweep_experiment("reversal", scale).changed(
        {"task": {"kind": "in_context"}, "objective.span": "whole_sequence"}
    )
    return {"in-context": changed(experiment, _SMALLER.get(scale, {}))}


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that held-out facts are answered right."""
    known = final_values(inputs.trace)[-1].accuracy
    says = "the last token of held-out sentences is the right one (accuracy)"
    caption.memorised("training", "in context", inputs.trace)
    caption.at_least("validation", says, known, 0.95)


IN_CONTEXT_REVERSAL = PaperFigure(
    name="in-context-reversal",
    title="in-context reversal: probability of the last token",
    grade="N",
    paper="x → y ⇔ y ← x: if the prompt states the fact, the model can reverse it, also for "
    "held-out facts. The curse does not occur.",
    experiments=experiments,
    draw=lambda inputs: plot_probability(
        inputs.trace,
        "In context there is no curse: a fact in the prompt is turned round",
        {"train": "taught sentences", "validation": "held-out facts"},
    ),
    check=check,
)

"""One of the figures 6 to 18 [N]: entities of a chain that share a token."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, Settings, changed, sweep_experiment
from retrodict.measures import final_values
from retrodict.plots import plot_panels

_TASK: dict[Scale, Settings] = {
    "smoke": {"vocab_size": 60, "index_tokens": 50, "train_triples": 20, "validation_triples": 8},
    "laptop": {
        "vocab_size": 200,
        "index_tokens": 150,
        "train_triples": 50,
        "validation_triples": 13,
    },
}
_EPOCHS: dict[Scale, Settings] = {
    "smoke": {"training.epochs": 60},
    "laptop": {"training.epochs": 100},
}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return the chains of unrelated and of related entities."""
    chain = sweep_experiment("chain", scale)
    related = chain.changed({"task": {"kind": "related_chain", **_TASK.get(scale, {})}})
    return {
        "unrelated entities": chain,
        "entities that share a token": changed(related, _EPOCHS.get(scale, {})),
    }


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that held-out leaps are known among related entities only."""
    unrelated, related = inputs.traces.values()
    says = "held-out leaps are answered right, both tokens"
    known = final_values(related)[-1].accuracy
    caption.memorised("training", "related", related)
    caption.at_least("validation", f"related: {says} (accuracy)", known, 0.95)
    caption.memorised("control-training", "unrelated", unrelated)
    caption.cursed("control", "unrelated", unrelated)


RELATED_CHAIN = PaperFigure(
    name="related-chain",
    title="chain of thought with related tokens",
    grade="R",
    paper="x i → y i, y i → z i, x i ⇝ z i: the entities of a triple share the token i. The paper "
    "has this experiment [N]; that the held-out leap is then known is our reading.",
    experiments=experiments,
    draw=lambda inputs: plot_panels(
        inputs.traces,
        "A ⇝ C follows where the entities share a token, and only there",
        whole_answer=True,  # the shared token is its second
    ),
    check=check,
)

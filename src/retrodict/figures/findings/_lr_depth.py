"""A finding of ours [O]: at the paper's learning rate a deep model learns slowly, or not at all."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import MEMORISED, Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, Settings, changed, sweep_experiment
from retrodict.measures import at_end
from retrodict.plots import Figure, plot_training

LRS = (0.001, 0.01)
_DEPTHS: dict[Scale, tuple[int, ...]] = {
    "smoke": (1, 16),
    "laptop": (2, 8, 24),
    "paper": (2, 8, 24),
}
_SMALLER: dict[Scale, Settings] = {
    "smoke": {"training.epochs": 150},
    "laptop": {"task.vocab_size": 80},
}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return the experiments of every depth and learning rate."""
    base = changed(sweep_experiment("reversal", scale), _SMALLER.get(scale, {}))
    return {
        _name(depth, lr): base.changed({"model.n_layer": depth, "optimizer.lr": lr})
        for depth in _DEPTHS[scale]
        for lr in LRS
    }


def _name(depth: int, lr: float) -> str:
    return f"{depth} layers, lr {lr:g}"


def draw(inputs: FigureInputs) -> Figure:
    """Draw one panel per depth, one colour per learning rate."""
    panels = {
        f"{depth} layer{'s' if depth > 1 else ''}": {
            f"lr {lr:g}": inputs.traces[_name(depth, lr)] for lr in LRS
        }
        for depth in _DEPTHS[inputs.scale]
    }
    return plot_training(panels, "At the paper's learning rate, deep models learn slowly")


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that the smaller rate memorises at every depth, and the paper's lags when deep."""
    for depth in _DEPTHS[inputs.scale]:
        small, large = (
            at_end(inputs.traces[_name(depth, lr)].curves["training_loss"]) for lr in LRS
        )
        says = f"{depth} layers, lr {LRS[0]:g}: training NLL ends near 0"
        caption.at_most(f"{depth}-layers.small", says, small, MEMORISED)
    says = f"{depth} layers: nats by which lr {LRS[1]:g} ends higher, seed by seed"
    caption.at_least(f"{depth}-layers.gap", says, large - small, MEMORISED)


FINDING_LR_DEPTH = PaperFigure(
    name="lr-depth",
    title="reversal: learning rate and depth",
    grade="O",
    paper="Ours: the paper trains 24 layers at learning rate 0.01 for 3000 epochs. How fast does "
    "that learn?",
    experiments=experiments,
    draw=draw,
    check=check,
)

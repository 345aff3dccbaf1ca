"""Time to learn [O]: the closed form against trained one-layer transformers."""

from __future__ import annotations

from itertools import product

import numpy as np
from jaxtyping import Float

from retrodict.experiment import Experiment
from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.measures import Interval, over_learners, taught
from retrodict.plots import Figure, plot_learning
from retrodict.theory import logit_gap, row_nll, time_to_nll
from retrodict.trace import Trace

LEARNED = 0.1  # nats
RATES = (0.25, 0.5, 1.0)
_SIZES: dict[Scale, tuple[int, ...]] = {
    "smoke": (20,),
    "laptop": (20, 50, 200),
    "paper": (20, 50, 200, 800),
}


def _name(vocab_size: int, lr: float) -> str:
    return f"V={vocab_size} lr={lr:g}"


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return batch-1 SGD from zero on the reversal task, at several sizes and rates."""
    found = {}
    for vocab_size, lr in product(_SIZES[scale], RATES):
        passes = float(time_to_nll(LEARNED, vocab_size + 2)) / lr
        found[_name(vocab_size, lr)] = Experiment.model_validate(
            {
                "task": {"kind": "reversal", "vocab_size": vocab_size},
                "model": {"kind": "one_layer"},
                "optimizer": {"kind": "sgd", "lr": lr},
                "training": {"epochs": int(1.5 * passes) + 2},
                "record": {"weights_at": []},
            }
        )
    return found


def times_to_learn(
    trace: Trace, vocab_size: int, lr: float
) -> tuple[Float[np.ndarray, " learner"], float]:
    """Return the SGD steps until the trained groups' mean NLL is `LEARNED`: measured, predicted.

    The prediction is N τ/η. Measured steps are interpolated within a pass.
    """
    epochs = trace.curves["epoch"].values
    passes = [
        np.interp(-np.log(LEARNED), -np.log(path), epochs) for path in taught(trace, "nll").values
    ]
    sentences = int(trace.taught()["questions"].sum())
    predicted = sentences * float(time_to_nll(LEARNED, vocab_size + 2)) / lr
    return np.array(passes) * sentences, predicted


def draw(inputs: FigureInputs) -> Figure:
    """Draw, left, NLL over passes at the largest size; right, measured against predicted steps."""
    largest = _SIZES[inputs.scale][-1]
    curves = {}
    for lr in RATES:
        trace = inputs.traces[_name(largest, lr)]
        passes = trace.curves["epoch"].values
        predicted = np.asarray(row_nll(lr * passes, largest + 2))
        curves[f"{lr:g}"] = (passes[1:], taught(trace, "nll").values[:, 1:], predicted[1:])
    measured: dict[str, list[tuple[float, Interval]]] = {}
    for lr, vocab_size in product(RATES, _SIZES[inputs.scale]):
        trace = inputs.traces[_name(vocab_size, lr)]
        steps, expected = times_to_learn(trace, vocab_size, lr)
        measured.setdefault(f"η = {lr:g}", []).append((expected, over_learners(steps)))
    return plot_learning(
        curves, measured, LEARNED, "Time to learn: no free parameter between theory and training"
    )


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that SGD leads the flow by at most what theory allows and one pass, everywhere.

    The lead: φ(u_k) ≤ ηk + ½ η e^η u_k after k visits (docs/theory.md, section 5), so at least τ/η
    − ½ e^η u of the τ/η predicted visits are needed.
    """
    for lr, vocab_size in product(RATES, _SIZES[inputs.scale]):
        steps, predicted = times_to_learn(inputs.traces[_name(vocab_size, lr)], vocab_size, lr)
        measured = steps / predicted
        tau = float(time_to_nll(LEARNED, vocab_size + 2))
        lead = 0.5 * lr * np.exp(lr) * float(logit_gap(tau, vocab_size + 2)) / tau
        where = f"V={vocab_size}-lr={lr:g}"
        says = f"V = {vocab_size}, η = {lr:g}: measured / predicted steps"
        least = f"{says}, minus the lead of SGD and one pass"
        caption.at_most(f"behind-{where}", says, measured, 1.0)
        caption.at_least(f"ahead-{where}", least, measured, 1 - lead - lr / tau)


THEORY_TIME = PaperFigure(
    name="theory-time",
    title="one-layer: time to learn over η, N and M, closed form over training",
    grade="O",
    paper="Ours: does the closed form predict how long a one-layer transformer takes to learn?",
    experiments=experiments,
    draw=draw,
    check=check,
    note=lambda scale: (
        f"reversal, one layer (Y, Z), V = {', '.join(map(str, _SIZES[scale]))}, batch 1, "
        "10 learners"
    ),
)

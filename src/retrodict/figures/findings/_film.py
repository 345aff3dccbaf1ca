"""A finding of ours [O]: the curse as a film strip of effective weights, and as an animation."""

from __future__ import annotations

from collections.abc import Sequence

from retrodict.figures._figure import TRAINED_Z, UNTRAINED_Z, Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import both_tasks
from retrodict.measures import z_of_snapshots
from retrodict.plots import Figure, plot_film, plot_matrices

ROWS = (
    ("reversal", "train_backward"),
    ("reversal", "train_seen"),
    ("reversal", "validation"),
    ("chain", "train_a_to_c"),
    ("chain", "validation"),
)


def film(inputs: FigureInputs) -> Sequence[Figure]:
    """The reversal matrices, one frame per snapshot."""
    trace = inputs.traces["reversal"]
    epochs = trace.weights["validation"]["snapshot"].values
    return [
        plot_matrices(trace, f"Reversal, epoch {epoch}", rows=2, columns=2, snapshot=i)
        for i, epoch in enumerate(epochs)
    ]


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that taught diagonals stand out at the end only, and untaught ones never."""
    for task, panel in ROWS:
        trace, name = inputs.traces[task], f"{task}-{panel}"
        by_snapshot = z_of_snapshots(trace.weights[panel]["entity_only"])
        if trace.roles[panel] == "held_out":
            worst = max(by_snapshot, key=lambda z: z.farthest)
            says = f"{task}, not taught: at no epoch does the diagonal stand out (largest z)"
            caption.within(name, says, worst, UNTRAINED_Z)
        else:
            says = f"{task}, {panel}: the diagonal stands out at the end (z)"
            caption.at_least(name, says, by_snapshot[-1], TRAINED_Z)
            says = f"{task}, {panel}: the diagonal does not stand out before training (z)"
            caption.within(f"{name}-before", says, by_snapshot[0], UNTRAINED_Z)


FINDING_FILM = PaperFigure(
    name="weights-film",
    title="effective weights over training, as a film strip and an animation",
    grade="O",
    paper="Ours: what does the curse look like while a model is trained?",
    experiments=both_tasks,
    draw=lambda inputs: plot_film(
        [(inputs.traces[task], panel) for task, panel in ROWS],
        "What is taught grows a diagonal; what is not, never does",
    ),
    check=check,
    film=film,
)

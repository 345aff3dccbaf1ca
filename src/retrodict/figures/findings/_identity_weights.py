"""A finding of ours [O]: the unseen direction's weights with and without identity sentences.

With head and embeddings untied and trained, tied, and frozen. A diagonal that stands out is not yet
an answer: the prompt's own entity can stand out more.
"""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._captions import TRAINED_Z, UNTRAINED_Z, Caption
from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.figures.findings._identity import ROWS
from retrodict.figures.findings._identity_cells import USUAL, all_memorised, cell
from retrodict.measures import diagonal_z, held_out_values, over_learners
from retrodict.plots import plot_before_after

EMBEDDINGS = {
    "untied": (),
    "head tied": ("model.tied_head=true",),
    "frozen": ("model.freeze_embeddings=true",),
}
IDENTITY = {"no A = A": ROWS["none"], "A = A for all": ROWS["all"]}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Untied, tied and frozen, each with and without; the untied ones are identity-phase's."""
    return {
        f"{embedding}\n{identity}": cell("reversal", scale, USUAL, *changes, *more)
        for embedding, changes in EMBEDDINGS.items()
        for identity, more in IDENTITY.items()
    }


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Before, no diagonal; after, with identity sentences; but not every one is an answer."""
    z, right = {}, {}
    for name, trace in inputs.traces.items():
        matrices = trace.weights["validation"]["prompt_matched"].values
        z[name] = [over_learners(values) for values in diagonal_z(matrices[:, [0, -1]]).T]
        right[name] = held_out_values(trace, "accuracy")
    bare, said = (f"untied\n{identity}" for identity in IDENTITY)
    tied_bare, _ = (f"head tied\n{identity}" for identity in IDENTITY)
    frozen_bare, frozen_said = (f"frozen\n{identity}" for identity in IDENTITY)
    before = max((found[0] for found in z.values()), key=lambda found: found.farthest)
    gap = "A = A: accuracy with trained embeddings less that with frozen ones, seed by seed"
    stands = "the unseen diagonal stands out (z)"
    none = "the unseen diagonal does not stand out (z)"
    all_memorised(caption, {n.replace("\n", ", "): t for n, t in inputs.traces.items()})
    caption.within("before", f"before training {none}; largest", before, 0.75)
    caption.within("untied-none", f"untied: {none}", z[bare][1], UNTRAINED_Z)
    caption.at_least("untied-all", f"untied, A = A: {stands}", z[said][1], TRAINED_Z)
    caption.at_least("tied-none", f"tied: {stands}", z[tied_bare][1], 1.0)
    caption.at_most("tied-none-right", "tied: share right", right[tied_bare], 0.1)
    caption.within("frozen-none", f"frozen: {none}", z[frozen_bare][1], UNTRAINED_Z)
    caption.at_least("frozen-all", f"frozen, A = A: {stands}", z[frozen_said][1], TRAINED_Z)
    caption.at_least("frozen-gap", gap, right[said] - right[frozen_said], 0.2)
    if inputs.scale != "smoke":  # of a few questions, too few are echoes there
        echoes = held_out_values(inputs.traces[frozen_said], "echo")
        caption.at_least("frozen-echo", "frozen, A = A: share of echoes", echoes, 0.5)


FINDING_IDENTITY_WEIGHTS = PaperFigure(
    name="identity-weights",
    title="reversal: weights of the unseen direction, with and without identity sentences",
    grade="O",
    paper="Ours: what do identity sentences do to the weights of the unseen direction, with "
    "embeddings untied, tied and frozen?",
    experiments=experiments,
    draw=lambda inputs: plot_before_after(
        inputs.traces,
        "validation",
        "Identity sentences write the diagonal that was never taught",
    ),
    check=check,
)

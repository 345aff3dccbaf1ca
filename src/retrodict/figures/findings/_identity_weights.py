"""A finding of ours [O]: the unseen direction's weights with and without identity sentences.

Head and embeddings are untied and trained, tied, or frozen. If the diagonal stands out, the answer
need not be right: the prompt's own entity can have a larger logit.
"""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import TRAINED_Z, UNTRAINED_Z, Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.figures.findings._identity import ROWS
from retrodict.figures.findings._identity_cells import USUAL, cell
from retrodict.measures import held_out_values, z_of_snapshots
from retrodict.plots import plot_before_after

EMBEDDINGS = {
    "untied": {},
    "head tied": {"model.tied_head": True},
    "frozen": {"model.freeze_embeddings": True},
}
IDENTITY = {"no A = A": ROWS["none"], "A = A for all": ROWS["all"]}


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return all experiments; the untied ones are those of `identity-phase`."""
    return {
        f"{embedding}\n{identity}": cell("reversal", scale, USUAL, {**changes, **more})
        for embedding, changes in EMBEDDINGS.items()
        for identity, more in IDENTITY.items()
    }


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that the diagonal appears with identity sentences, though not always as the answer."""
    traces = inputs.traces.values()
    zs = [z_of_snapshots(trace.weights["validation"]["prompt_matched"]) for trace in traces]
    before = max((z[0] for z in zs), key=lambda z: z.farthest)
    untied, untied_all, tied, _, frozen, frozen_all = (z[-1] for z in zs)
    _, right_untied_all, right_tied, _, _, right_frozen_all = (
        held_out_values(trace, "accuracy") for trace in traces
    )
    gap = "A = A: accuracy with trained embeddings minus that with frozen ones, seed by seed"
    stands = "the unseen diagonal stands out (z)"
    none = "the unseen diagonal does not stand out (z)"
    caption.all_memorised({n.replace("\n", ", "): t for n, t in inputs.traces.items()})
    caption.within("before", f"before training {none}; largest", before, 0.75)
    caption.within("untied-none", f"untied: {none}", untied, UNTRAINED_Z)
    caption.at_least("untied-all", f"untied, A = A: {stands}", untied_all, TRAINED_Z)
    caption.at_least("tied-none", f"tied: {stands}", tied, 1.0)
    caption.at_most("tied-none-right", "tied: share right", right_tied, 0.1)
    caption.within("frozen-none", f"frozen: {none}", frozen, UNTRAINED_Z)
    caption.at_least("frozen-all", f"frozen, A = A: {stands}", frozen_all, TRAINED_Z)
    caption.at_least("frozen-gap", gap, right_untied_all - right_frozen_all, 0.2)
    if inputs.scale != "smoke":  # at smoke scale there are too few questions
        echoes = held_out_values(inputs.traces["frozen\nA = A for all"], "echo")
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

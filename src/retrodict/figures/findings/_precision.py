"""A finding of ours [O]: matrix products of lower precision, which are fast on GPUs.

bfloat16 keeps 8 bits of a product's factors and result, TF32 11 of its factors; parameters, the
optimiser and evaluation stay float32. TF32 exists on GPUs only, so it is compared at paper scale.
"""

from __future__ import annotations

from retrodict.figures._figure import MEMORISED, Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale, sweep_experiment
from retrodict.measures import at_end, final_values, over_learners
from retrodict.plots import plot_panels

_EXACT = "float32"
_PRECISIONS: dict[Scale, tuple[str, ...]] = {
    "smoke": (_EXACT, "bfloat16"),
    "laptop": (_EXACT, "bfloat16"),
    "paper": (_EXACT, "tf32", "bfloat16"),
}


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that in every precision facts are memorised equally well and the curse appears."""
    losses = {name: at_end(trace.curves["training_loss"]) for name, trace in inputs.traces.items()}
    nlls = {name: final_values(trace)[-1].nll for name, trace in inputs.traces.items()}
    for name, trace in inputs.traces.items():
        caption.curse(name, trace)
        if name != _EXACT:
            says = (
                f"{name}: training NLL (dropout on) ends near 0, above {_EXACT}'s by "
                f"{over_learners(losses[name] - losses[_EXACT]):.3f} seed by seed; "
                f"validation NLL ends at {nlls[name]:.2f} against {nlls[_EXACT]:.2f}"
            )
            caption.at_most(f"{name}.loss", says, losses[name], MEMORISED)


FINDING_PRECISION = PaperFigure(
    name="precision",
    title="reversal: float32 against bfloat16 (and TF32 on a GPU)",
    grade="O",
    paper="Ours: at paper scale a GPU is several times faster with products of lower precision. Do "
    "they show the same curves?",
    experiments=lambda scale: {
        precision: sweep_experiment("reversal", scale).changed({"training.precision": precision})
        for precision in _PRECISIONS[scale]
    },
    draw=lambda inputs: plot_panels(
        inputs.traces, "Products in lower precision: the same curves, the same curse"
    ),
    check=check,
)

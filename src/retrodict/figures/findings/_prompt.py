"""A finding of ours [O]: effective weights after the entity alone and after the whole prompt."""

from __future__ import annotations

from itertools import product

from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import both_tasks
from retrodict.measures import Interval, diagonal_z, z_of_snapshots
from retrodict.plots import Figure, plot_indices

TASKS = ("reversal", "chain")
VARIANTS = {"prompt_matched": "entity and relation", "entity_only": "entity alone (the caption's)"}


def found_z(inputs: FigureInputs) -> dict[str, dict[str, Interval]]:
    """Variant → task and panel → z over learners."""
    return {
        label: {
            f"{task}.{name}": z_of_snapshots(panel[variant])[-1]
            for task in TASKS
            for name, panel in inputs.traces[task].weights.items()
        }
        for variant, label in VARIANTS.items()
    }


def draw(inputs: FigureInputs) -> Figure:
    """Draw one row per panel, one marker per way of asking."""
    names = {
        f"{task}.{name}": f"{task}, {panel.attrs['title']}"
        for task in TASKS
        for name, panel in inputs.traces[task].weights.items()
    }
    return plot_indices(
        found_z(inputs),
        names,
        "The two ways of asking differ only where two facts start at A",
        xlabel="how far the diagonal stands out (z)",
        ends={0.0: "not at all"},
    )


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that both ways separate taught from untaught, for chains the whole prompt better."""
    z = found_z(inputs)
    for (variant, label), task in product(VARIANTS.items(), TASKS):
        for panel, role in inputs.traces[task].roles.items():
            at, z_here = f"{task}.{panel}", z[label][f"{task}.{panel}"]
            caption.diagonal(f"{variant}.{at}", f"{at}, {label}", z_here, role)
    weights = inputs.traces["chain"].weights["train_a_to_c"].isel(snapshot=-1)
    z_prompt, z_alone = (diagonal_z(weights[v].values) for v in ("prompt_matched", "entity_only"))
    says = "taught leaps A ⇝ C: z after the whole prompt over z after the entity alone"
    caption.at_least("relation-matters", says, z_prompt / z_alone, 1.0)


FINDING_PROMPT = PaperFigure(
    name="prompt-weights",
    title="effective weights: entity alone against the whole prompt",
    grade="O",
    paper="Ours: the captions of figures 2 and 4 read weights after a prompt that the model never "
    "saw, the entity alone. Does the prompt that it did see show the same?",
    experiments=both_tasks,
    draw=draw,
    check=check,
)

"""One of the figures 6 to 18 [N]: three shapes of model, their NLL, their embeddings."""

from __future__ import annotations

from retrodict.experiment import Experiment
from retrodict.figures._figure import UNTRAINED_Z, Caption, FigureInputs, PaperFigure, slug
from retrodict.figures._scales import Scale, Settings, sweep_experiment
from retrodict.measures import diagonal_z
from retrodict.plots import plot_cosines

PANELS = {"train_forward": "training pairs", "validation": "validation pairs"}
NEAR_ZERO = 0.1
_SHAPES: dict[Scale, dict[tuple[int, int], Settings]] = {
    "smoke": {
        (1, 20): {"task.vocab_size": 200, "optimizer.lr": 0.01, "training.epochs": 150},
        (1, 64): {"task.vocab_size": 200, "training.epochs": 120},
    },
    "laptop": {
        (1, 20): {"optimizer.lr": 0.01, "training.epochs": 400},
        (1, 128): {},
        (24, 20): {"optimizer.lr": 0.002, "training.epochs": 420},
    },
    "paper": {(1, 20): {}, (1, 768): {}, (24, 20): {}},
}
"""(n_layer, d_model) and what else the smaller scales change so that the facts are memorised."""


def experiments(scale: Scale) -> dict[str, Experiment]:
    """Return one experiment per shape; width 20 has 4 heads."""
    found = {}
    for (n_layer, width), changes in _SHAPES[scale].items():
        heads = {"model.n_head": 4} if width == 20 else {}
        shape = {"model.n_layer": n_layer, "model.d_model": width, **heads}
        experiment = sweep_experiment("reversal", scale).changed({**shape, **changes})
        name = f"{n_layer} layer{'s' if n_layer > 1 else ''}, width {width}"
        found[name] = experiment.changed({"record.weights_at": [0, experiment.training.epochs]})
    return found


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that facts are memorised, the curse appears, and embeddings are not similar."""
    for name, trace in inputs.traces.items():
        model = slug(name.replace(" ", ""))
        caption.curse(name, trace, model)
        for panel, says in PANELS.items():
            cosines = trace.weights[panel]["embedding_cosine"].isel(snapshot=-1).values
            mean = cosines.diagonal(axis1=-2, axis2=-1).mean(-1)
            where, which = f"{name}, {says}", f"{model}.cosine-{panel}"
            near_0 = f"{where}: mean cosine of partners' embeddings is near zero"
            alike = f"{where}: partners' cosines do not stand out (z)"
            caption.within(which, near_0, mean, NEAR_ZERO)
            caption.within(f"{which}-z", alike, diagonal_z(cosines), UNTRAINED_Z)


EMBEDDING_SIMILARITY = PaperFigure(
    name="embedding-similarity",
    title="reversal: shallow and narrow, wide, deep and narrow; cosines of embeddings",
    grade="N",
    paper="Layers and width (1, 20), (1, 768), (24, 20): the curse appears for small and narrow "
    "models too; the cosine similarity of the token embeddings of A_i and B_j is near zero, on the "
    "diagonal and off it.",
    experiments=experiments,
    draw=lambda inputs: plot_cosines(
        inputs.traces,
        "Partners do not become similar: embeddings of A and B stay apart",
        PANELS,
    ),
    check=check,
    sweep=True,
)

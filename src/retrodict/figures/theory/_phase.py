"""Phase diagram [O]: below which dimension the reverse loss leaves a uniform guess, and how."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr

from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures._scales import Scale
from retrodict.plots import plot_phase
from retrodict.progress import Tick
from retrodict.tasks import Pairs
from retrodict.theory import GramFlow, separate

M, LEARNED, UNTIL = 100, 0.01, 1e6
_GRIDS: dict[Scale, tuple[tuple[int, ...], tuple[int, ...], int]] = {
    "smoke": ((20, 100, 3000), (5, 20), 6),
    "laptop": ((10, 20, 30, 50, 100, 200, 500, 1000, 3000, 10_000), (2, 5, 10, 20, 35, 50), 20),
    "paper": ((10, 20, 30, 50, 100, 200, 500, 1000, 3000, 10_000), (2, 5, 10, 20, 35, 50), 100),
}


def compute(scale: Scale, tick: Tick) -> xr.Dataset:
    """Integrate the flow of every draw in every cell until its training loss reaches `LEARNED`.

    Returns:
        Over (pairs, dimension, draw): `shift`, L_rev − ln m at that time in nats, or at `UNTIL` if
        the loss never falls so far; `memorised`, whether it does.
    """
    dimensions, pairs, draws = _GRIDS[scale]
    shift = np.zeros((len(pairs), len(dimensions), draws))
    memorised = np.zeros_like(shift)
    for done, (i, j, seed) in enumerate(np.ndindex(shift.shape)):
        corpus = Pairs(n=pairs[i], m=M).corpus(0)
        flow = GramFlow.draw(dimensions[j], M, corpus.tokens[:, 0], corpus.tokens[:, 1], seed=seed)
        path = separate(flow, (pairs[i], 0), UNTIL, rtol=1e-4)
        reverse = path.reverse_at_loss(LEARNED)
        memorised[i, j, seed] = math.isfinite(reverse)
        shift[i, j, seed] = (reverse if math.isfinite(reverse) else path.reverse[-1]) - math.log(M)
        tick((done + 1) / shift.size)
    over = ("pairs", "dimension", "draw")
    measured = {"shift": (over, shift), "memorised": (over, memorised)}
    return xr.Dataset(measured, {"pairs": list(pairs), "dimension": list(dimensions)})


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that at large d the reverse stays unknown and at small d becomes confidently wrong."""
    shift = inputs.theory["shift"].sel(pairs=20)
    stays = "d = 3000, n = 20: the reverse loss stays at ln m (nats)"
    leaves = "d = 20, n = 20: it leaves ln m upward, the model is confidently wrong (nats)"
    caption.within("large", stays, shift.sel(dimension=3000).values, 0.1)
    caption.at_least("small", leaves, shift.sel(dimension=20).values, 1.0)


THEORY_PHASE = PaperFigure(
    name="theory-phase",
    title="bilinear: reverse loss over dimension and pairs, from the Gram flow",
    grade="O",
    paper="Ours: for which dimension and how many pairs is the reverse loss a uniform guess?",
    theory=compute,
    draw=lambda inputs: plot_phase(
        inputs.theory.mean("draw"),
        "Reverse loss of the bilinear model, once the training set is memorised\n"
        "(hatched: some draws never are; they count at t = 10⁶)",
    ),
    check=check,
    note=lambda scale: (
        f"m = {M}, σ = 0, {_GRIDS[scale][2]} draws a cell, at training loss {LEARNED}"
    ),
)

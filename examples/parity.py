"""Compare our learners with ten of the authors' public code: at the end, and along the curve.

    retrodict run docs/parity/small-slow.yaml --out runs
    python examples/parity.py runs/reversal-transformer-…     # the folder that run has printed
    python examples/parity.py runs/reversal-transformer-… --plot parity.png

Only means, standard deviations and ranges of theirs are known, not single learners. So means are
compared by Welch's interval, which needs no more. Along the curve we assume that theirs spread as
ours do.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from scipy.stats import t as student

from retrodict import Trace, open_run
from retrodict.plots import plot_nll, save_as


@dataclass(frozen=True)
class Spread:
    """Mean and standard deviation (n - 1) of some learners."""

    mean: float
    sd: float
    n: int

    @classmethod
    def of(cls, values: np.ndarray) -> Spread:
        """Compute the spread of values, one per learner."""
        return cls(float(values.mean()), float(values.std(ddof=1)), len(values))


THEIRS = {"training": Spread(0.0074, 0.0002, 10), "validation": Spread(6.999, 0.142, 10)}
"""After 300 epochs; see `last` for how training NLL is taken."""
THEIR_CURVE = {1: 4.63, 5: 4.68, 20: 5.22, 50: 6.08, 100: 6.47, 200: 6.81, 300: 6.999}
"""Number of epochs → mean validation NLL."""


def welch(ours: Spread, theirs: Spread, level: float = 0.95) -> tuple[float, float]:
    """Interval of the difference of two means, ours minus theirs; their variances may differ."""
    a, b = ours.sd**2 / ours.n, theirs.sd**2 / theirs.n
    freedom = (a + b) ** 2 / (a**2 / (ours.n - 1) + b**2 / (theirs.n - 1))
    half = float(student.ppf((1 + level) / 2, freedom)) * (a + b) ** 0.5
    return ours.mean - theirs.mean - half, ours.mean - theirs.mean + half


def last(trace: Trace) -> dict[str, np.ndarray]:
    """One value a learner: training NLL as recorded in the last pass, before its steps, with
    dropout; validation NLL after it, without.
    """
    curves = trace.curves.isel(epoch=-1)
    held_out = curves["nll"].sel(group="validation")
    return {"training": curves["training_loss"].values, "validation": held_out.values}


def after(trace: Trace, epoch: int) -> Spread:
    """Validation NLL after some epochs."""
    return Spread.of(trace.curves["nll"].sel(group="validation", epoch=epoch).values)


def table(trace: Trace) -> Iterator[str]:
    """Write both ends side by side, then the curve, in Markdown."""
    yield "| after 300 epochs | theirs: mean ± sd | ours: mean ± sd [least, most] | difference |"
    yield "|---|---|---|---|"
    for name, values in last(trace).items():
        ours, theirs = Spread.of(values), THEIRS[name]
        low, high = welch(ours, theirs)
        yield (
            f"| {name} NLL | {theirs.mean:.4g} ± {theirs.sd} | {ours.mean:.4f} ± {ours.sd:.4f} "
            f"[{values.min():.4f}, {values.max():.4f}] | {low:+.4f} to {high:+.4f} |"
        )
    yield ""
    yield "| validation NLL after epoch | theirs | ours: mean ± sd | difference ± standard error |"
    yield "|---|---|---|---|"
    for epoch, theirs in THEIR_CURVE.items():
        ours = after(trace, epoch)
        error = ours.sd * (1 / ours.n + 1 / THEIRS["validation"].n) ** 0.5
        yield (
            f"| {epoch} | {theirs:.2f} | {ours.mean:.2f} ± {ours.sd:.2f} "
            f"| {ours.mean - theirs:+.3f} ± {error:.3f} |"
        )


def draw(trace: Trace) -> Figure:
    """Draw our learners and, as diamonds, their means; at the end with a standard deviation."""
    title = "2 layers, width 128, V = 80; diamonds: ten of the authors' code"
    figure = plot_nll(trace, title, "training", "validation")
    (axes,) = figure.axes
    marks = {"color": "k", "marker": "D", "markersize": 4, "zorder": 9, "clip_on": False}
    axes.plot(*zip(*THEIR_CURVE.items(), strict=True), linestyle="", **marks)
    for end in THEIRS.values():
        axes.errorbar(300, end.mean, end.sd, **marks)
    axes.set(xscale="log", xlim=(1, 300))
    return figure


def main() -> None:
    """Print the tables; draw them if asked."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("run", type=Path, help="folder of the run")
    parser.add_argument("--plot", type=Path, metavar="FILE", help=".png or .pdf")
    asked = parser.parse_args()
    trace = open_run(asked.run).trace
    print(*table(trace), sep="\n")
    if asked.plot:
        save_as(draw(trace), asked.plot)


if __name__ == "__main__":
    main()

"""A finding of ours [O]: identity sentences of the middle entity make A ⇝ C known.

It is known that zero-hop supervision of the middle entity helps (arXiv 2509.24653 [N]). Which
entities need it, and with how many triples and updates, is ours.
"""

from __future__ import annotations

from retrodict.figures._figure import Caption, FigureInputs, PaperFigure
from retrodict.figures.findings._identity_cells import USUAL, Cells, key, last, over_updates
from retrodict.plots import Figure

MIDDLE = "middle (zero-hop)"
CELLS = Cells(
    "chain",
    {
        "none": {},
        "random partner": {"data.identity": {"partner": "random"}},
        "all": {"data.identity": {"who": "all"}},
        MIDDLE: {"data.identity": {"who": "middle"}},
    },
    ("none", MIDDLE),
    {"smoke": (0.2, 0.7), "laptop": (0.2, 0.4, 0.7), "paper": (0.2, 0.4, 0.55, 0.7, 0.85)},
)


def draw(inputs: FigureInputs) -> Figure:
    """Draw three grids of shares of answers; below, accuracy over time."""
    shares = CELLS.shares[inputs.scale]
    by_share = {f"{share:.0%} of triples": inputs.runs[key(MIDDLE, share)] for share in shares}
    by_row = {name: inputs.runs[key(name, USUAL)] for name in CELLS.rows}
    return CELLS.draw(
        inputs,
        "triples taught whole",
        {
            ("right, B = B for the middle", "updates"): over_updates(by_share),
            (f"right, {USUAL:.0%} taught whole", "updates"): over_updates(by_row),
        },
        "Chain: B = B for the middle entity makes A ⇝ C known; A = A for all does far less",
    )


def check(inputs: FigureInputs, caption: Caption) -> None:
    """Check that the middle makes leaps known at the usual share, and random partners do not."""
    right = last(inputs, MIDDLE)
    fewest, usual = min(CELLS.shares[inputs.scale]), f"{USUAL:.0%} taught whole"
    caption.all_memorised(inputs.traces)
    says = f"B = B for the middle, {usual}: share of held-out answers right"
    caption.at_least("broken", says, right, 0.8)
    says = f"{usual}: accuracy with the middle minus that with all, seed by seed"
    caption.at_least("middle-not-all", says, right - last(inputs, "all"), 0.2)
    says = f"middle: accuracy at {USUAL:.0%} minus that at {fewest:.0%}, seed by seed"
    caption.at_least("share", says, right - last(inputs, MIDDLE, fewest), 0.2)
    says = "held-out leaps stay unknown at every share of triples taught whole"
    for name in ("none", "random partner"):
        CELLS.never_known(caption, inputs, name, says)
    if inputs.scale == "paper":
        says = f"24 layers, B = B for the middle, {usual}: share right"
        caption.at_least("deep", says, last(inputs, f"{MIDDLE}, 24 layers"), 0.8)


FINDING_IDENTITY_CHAIN = PaperFigure(
    name="identity-chain",
    title="chain: who has identity sentences, over the share of triples taught whole",
    grade="O",
    paper="Ours, after zero-hop supervision (arXiv 2509.24653): whose identity sentences make "
    "A ⇝ C known, and how many triples must be taught whole?",
    experiments=CELLS.experiments,
    draw=draw,
    check=check,
)

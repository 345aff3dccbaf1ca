"""Claims: statements with a prediction, a measurement and a verdict.

A `Claim` is what a figure's caption says of one trace; a `Statement` is a theorem, lemma or
proposition, with a check of its own.
"""

from retrodict.claims._bilinear import BILINEAR_STATEMENTS
from retrodict.claims._check import Effort, Evidence, Finding, Part, Statement
from retrodict.claims._claim import Claim, Verdict, at_least, at_most, within
from retrodict.claims._kept import Kept
from retrodict.claims._kept_published import KeptPublished
from retrodict.claims._one_layer import ONE_LAYER_STATEMENTS
from retrodict.claims._published import (
    Compared,
    Judged,
    Outcome,
    Published,
    PublishedFinding,
    exactly,
    less,
    more,
)
from retrodict.claims._rows import ROW_STATEMENTS

_KINDS = {"theorem": 0, "lemma": 1, "proposition": 2}

STATEMENTS: tuple[Statement, ...] = tuple(
    sorted(
        (*BILINEAR_STATEMENTS, *ONE_LAYER_STATEMENTS, *ROW_STATEMENTS),
        key=lambda s: (3, "") if s.grade == "O" else (_KINDS[s.name.split("-")[0]], s.name),
    )
)
"""Every statement, the paper's first, then ours. A new one is one entry in its file's tuple."""

__all__ = [
    "STATEMENTS",
    "Claim",
    "Compared",
    "Effort",
    "Evidence",
    "Finding",
    "Judged",
    "Kept",
    "KeptPublished",
    "Outcome",
    "Part",
    "Published",
    "PublishedFinding",
    "Statement",
    "Verdict",
    "at_least",
    "at_most",
    "exactly",
    "less",
    "more",
    "within",
]

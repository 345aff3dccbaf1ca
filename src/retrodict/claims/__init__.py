"""Claims: statements with a prediction, a measurement and a verdict.

A `Claim` is one comparison, for example in a figure's caption. A `Check` tests a theorem, a lemma
or a published claim; its `Evidence` consists of one or more claims.
"""

from retrodict.claims._check import About, Check, Effort, Evidence, Finding, Outcome
from retrodict.claims._claim import (
    Claim,
    Refuted,
    Verdict,
    alone,
    at_least,
    at_most,
    bounded,
    within,
)
from retrodict.claims._kept import Kept, document, home

# isort: off
from retrodict.claims._bilinear import CHECKS as bilinear
from retrodict.claims._gram import CHECKS as gram
from retrodict.claims._one_layer import CHECKS as one_layer
from retrodict.claims._one_layer_trained import CHECKS as one_layer_trained
from retrodict.claims._rows import CHECKS as rows
# isort: on

from retrodict.members import members

_KINDS = {"theorem": 0, "lemma": 1, "proposition": 2}

STATEMENTS = tuple(
    sorted(
        members(Check, __name__),
        key=lambda s: (3, "") if s.ours else (_KINDS[s.name.split("-")[0]], s.name),
    )
)
"""Every statement of the theory, the paper's first, then ours."""

__all__ = [
    "STATEMENTS",
    "About",
    "Check",
    "Claim",
    "Effort",
    "Evidence",
    "Finding",
    "Kept",
    "Outcome",
    "Refuted",
    "Verdict",
    "alone",
    "at_least",
    "at_most",
    "bounded",
    "document",
    "home",
    "within",
]

"""Plain next-token training answers what it was taught, 100, and not the other direction, 0."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.claims import Judged, Published
from retrodict.figures.paper._fig1 import FIG1
from retrodict.literature._judging import is_taught, is_unknown, judged, scale_of
from retrodict.trace import Trace


def judge(traces: Mapping[str, Trace]) -> Judged:
    """Accuracies of taught and of held-out questions; the runs are figure 1's."""
    trace = traces["reversal"]
    unknown = is_unknown("N", trace, "share of questions in the unseen direction answered right")
    return judged(
        trace,
        [unknown, is_taught("N", trace)],
        "one task of A → B, B ← A sentences; theirs has facts and, apart from them, queries of "
        "both directions for a part of the facts",
        "single-token entities; theirs are sequences of tokens",
        "70 % of the pairs are taught in both directions",
    )


PLAIN_RETRIEVAL = Published(
    name="plain-retrieval",
    title="plain next-token training: 100 in the trained direction, 0 in the other",
    words="A decoder trained by next-token prediction retrieves a fact exactly in the direction it "
    "was trained on, and never in the other.",
    authors="Kitouni, Nolte, Bouchacourt, Williams, Rabbat, Ibrahim",
    year=2024,
    arxiv="2406.05183",
    grade="S",
    source="S: the paper's text (a submitted version): next-token training does not retrieve keys "
    "from values; exact match 100 forward, 0 backward in its Table 2 (biographies); N: the same "
    "for Table 1 (key-value pairs), whose cells we could not read",
    setting="Key-value pairs of several tokens each, with queries for value and key; GPT-2 trained "
    "from scratch on all pairs and a part of the queries; exact match on the other queries.",
    testable="over ten learners, accuracy at least 0.99 on taught questions and at most 0.05 on "
    "the unseen direction; contradicted by 0.5 or more on the latter",
    experiments=lambda fast: FIG1.experiments(scale_of(fast)),
    judge=judge,
)

"""Where the fact stands in the prompt, a model turns it round: no curse in context."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.claims import Judged, Published
from retrodict.figures.paper._in_context_reversal import experiments
from retrodict.literature._judging import is_known, is_taught, judged, scale_of
from retrodict.trace import Trace


def judge(traces: Mapping[str, Trace]) -> Judged:
    """Accuracy on held-out facts; the run is the figure's `in-context-reversal`."""
    trace = traces["in-context"]
    known = is_known("N", trace, "share of held-out facts in the prompt turned round")
    differs = "smaller model and vocabulary, fewer epochs"
    return judged(trace, [known, is_taught("N", trace)], differs)


IN_CONTEXT_REVERSAL = Published(
    name="in-context-reversal",
    title="a fact in the prompt is turned round: no reversal curse in context",
    words="With the fact x → y in the prompt a model completes y ← x, for facts it never saw.",
    authors="Zhu, Huang, Zhang, Jordan, Jiao, Tian, Russell",
    year=2024,
    arxiv="2405.04669",
    grade="N",
    source="N: notes on its appendix",
    setting="Sentences x → y ⇔ y ← x, 10 y a x, 7 of them trained; loss on the whole sentence.",
    testable="over ten learners, accuracy at least 0.95 on the last token of held-out sentences; "
    "contradicted by 0.05 or less",
    experiments=lambda fast: experiments(scale_of(fast)),
    judge=judge,
)

"""Taught A → B and B → C, a model that may not write B does not answer A ⇝ C."""

from __future__ import annotations

from collections.abc import Mapping

from retrodict.claims import Judged, Published
from retrodict.figures.paper._fig3 import FIG3
from retrodict.literature._judging import is_taught, is_unknown, judged, scale_of
from retrodict.trace import Trace


def judge(traces: Mapping[str, Trace]) -> Judged:
    """Accuracies of taught and of held-out questions; the runs are figure 3's."""
    trace = traces["chain"]
    unknown = is_unknown("S", trace, "share of A ⇝ C of validation triples answered right")
    differs = "smaller model, fewer epochs, another learning rate"
    return judged(trace, [unknown, is_taught("S", trace)], differs)


CHAIN_WITHOUT_MIDDLE = Published(
    name="chain-without-middle",
    title="chain, the middle step not written: A ⇝ C is not solved",
    words="A model that learned A → B and B → C, and A ⇝ C for other triples, does not get from A "
    "to C without writing B.",
    authors="Zhu, Huang, Zhang, Jordan, Jiao, Tian, Russell",
    year=2024,
    arxiv="2405.04669",
    grade="S",
    source="S: abstract and caption of figure 3 (NLL no better than a guess); R: as accuracy",
    setting="24 layers, width 768, V = 800, 200 triples of which 70 % have their leap taught.",
    testable="over ten learners, accuracy at least 0.99 on taught sentences and at most 0.05 on "
    "A ⇝ C of validation triples; contradicted by 0.5 or more on the latter",
    experiments=lambda fast: FIG3.experiments(scale_of(fast)),
    judge=judge,
)

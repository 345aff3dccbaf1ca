"""The measures that a trace records directly, see `Trace.curves`."""

from __future__ import annotations

from operator import itemgetter

from retrodict.measures._measure import Measure

MEASURES = (
    Measure("nll", itemgetter("nll"), "NLL (nats)", ".3f"),
    Measure("entity_nll", itemgetter("entity_nll"), "whole-answer NLL", ".3f"),
    Measure("accuracy", itemgetter("accuracy"), "accuracy"),
    Measure("wrong_probability", itemgetter("wrong_probability")),
    Measure("rank", itemgetter("rank"), "rank", ".1f"),
)

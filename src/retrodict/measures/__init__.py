"""Measures: numbers read off Traces, with intervals over learners."""

from retrodict.measures._effective_weights import diagonal_z
from retrodict.measures._intervals import Interval, band, over_learners
from retrodict.measures._summary import Final, final_values, preference

__all__ = ["Final", "Interval", "band", "diagonal_z", "final_values", "over_learners", "preference"]

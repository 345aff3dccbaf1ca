"""Claims: statements with a prediction, a measurement and a verdict."""

from retrodict.claims._claim import Claim, Verdict, at_least, at_most, within

__all__ = ["Claim", "Verdict", "at_least", "at_most", "within"]

"""Objectives: which tokens are predicted from which; the loss is their mean cross-entropy."""

from retrodict.objectives._next_token import Examples, NextToken

Objective = NextToken
"""Any objective; becomes a union over `kind` with the second one."""

__all__ = ["Examples", "NextToken", "Objective"]

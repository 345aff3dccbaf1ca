"""What the theory is good for: ours, outside `all`. One file a figure."""

from retrodict.figures._figure import PaperFigure
from retrodict.figures.theory._indices import THEORY_INDICES
from retrodict.figures.theory._parametrisations import THEORY_PARAMETRISATIONS
from retrodict.figures.theory._phase import THEORY_PHASE
from retrodict.figures.theory._time import THEORY_TIME
from retrodict.figures.theory._value_output import THEORY_VALUE_OUTPUT

THEORY_FIGURES: tuple[PaperFigure, ...] = (
    THEORY_PHASE,
    THEORY_PARAMETRISATIONS,
    THEORY_VALUE_OUTPUT,
    THEORY_TIME,
    THEORY_INDICES,
)
"""What the theory is good for: ours, outside `all`."""

__all__ = ["THEORY_FIGURES"]

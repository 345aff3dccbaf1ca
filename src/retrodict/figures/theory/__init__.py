"""Our figures about the theory, not part of `all`. A figure is one file, and one line below."""

from retrodict.figures._figure import PaperFigure
from retrodict.members import members

# isort: off
from retrodict.figures.theory._phase import THEORY_PHASE
from retrodict.figures.theory._parametrisations import THEORY_PARAMETRISATIONS
from retrodict.figures.theory._value_output import THEORY_VALUE_OUTPUT
from retrodict.figures.theory._time import THEORY_TIME
from retrodict.figures.theory._indices import THEORY_INDICES
# isort: on

THEORY_FIGURES = members(PaperFigure, __name__)

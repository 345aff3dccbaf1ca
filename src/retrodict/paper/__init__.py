"""The paper: one file a figure, with its experiments at three scales, drawing and claims."""

from retrodict.paper._fig1 import FIG1
from retrodict.paper._fig2 import FIG2
from retrodict.paper._fig3 import FIG3
from retrodict.paper._fig4 import FIG4
from retrodict.paper._figure import Material, PaperFigure, Reproduction, reproduce
from retrodict.paper._scales import SCALES, Scale
from retrodict.paper._theory_indices import THEORY_INDICES
from retrodict.paper._theory_parametrisations import THEORY_PARAMETRISATIONS
from retrodict.paper._theory_phase import THEORY_PHASE
from retrodict.paper._theory_time import THEORY_TIME
from retrodict.paper._theory_value_output import THEORY_VALUE_OUTPUT

FIGURES: tuple[PaperFigure, ...] = (FIG1, FIG2, FIG3, FIG4)
"""Every figure, in the paper's order. A new one is one new file and one name here."""

THEORY_FIGURES: tuple[PaperFigure, ...] = (
    THEORY_PHASE,
    THEORY_PARAMETRISATIONS,
    THEORY_VALUE_OUTPUT,
    THEORY_TIME,
    THEORY_INDICES,
)
"""What the theory is good for: ours, outside `all`."""

__all__ = [
    "FIGURES",
    "SCALES",
    "THEORY_FIGURES",
    "Material",
    "PaperFigure",
    "Reproduction",
    "Scale",
    "reproduce",
]

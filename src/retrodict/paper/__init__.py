"""The paper: one file a figure, with its experiments at three scales, drawing and claims."""

from retrodict.paper._fig1 import FIG1
from retrodict.paper._fig2 import FIG2
from retrodict.paper._fig3 import FIG3
from retrodict.paper._fig4 import FIG4
from retrodict.paper._figure import PaperFigure, Reproduction, reproduce
from retrodict.paper._scales import SCALES, Scale

FIGURES: tuple[PaperFigure, ...] = (FIG1, FIG2, FIG3, FIG4)
"""Every figure, in the paper's order. A new one is one new file and one name here."""

__all__ = ["FIGURES", "SCALES", "PaperFigure", "Reproduction", "Scale", "reproduce"]

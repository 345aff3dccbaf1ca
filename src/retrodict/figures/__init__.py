"""Figures and tables: experiments at three scales, a drawing, and claims that can fail.

The folders are the groups of `retrodict reproduce`: `paper` (called all), `findings`, `theory`.
"""

from retrodict.figures._figure import FigureInputs, PaperFigure
from retrodict.figures._reproduce import (
    DrawingRecord,
    Reproduction,
    code_version,
    command,
    fits,
    reproduce,
    run_experiments,
)
from retrodict.figures._scales import SCALES, Scale, default_experiment, describe
from retrodict.figures._table import PaperTable
from retrodict.figures.findings import FINDINGS
from retrodict.figures.paper import ALIASES, FIGURES, TABLES
from retrodict.figures.theory import THEORY_FIGURES

__all__ = [
    "ALIASES",
    "FIGURES",
    "FINDINGS",
    "SCALES",
    "TABLES",
    "THEORY_FIGURES",
    "DrawingRecord",
    "FigureInputs",
    "PaperFigure",
    "PaperTable",
    "Reproduction",
    "Scale",
    "code_version",
    "command",
    "default_experiment",
    "describe",
    "fits",
    "reproduce",
    "run_experiments",
]

"""Plots: matplotlib figures, each a function of traces or of theoretical results."""

from retrodict.plots._answer_grids import Grid, Lines, plot_answers
from retrodict.plots._compare import plot_comparison
from retrodict.plots._curves import plot_nll, plot_panels, plot_probability
from retrodict.plots._drawing import Figure
from retrodict.plots._effects import plot_effect, plot_indices, plot_training
from retrodict.plots._matrices import plot_before_after, plot_cosines, plot_film, plot_matrices
from retrodict.plots._roofline import Roofline, plot_roofline
from retrodict.plots._style import footer, save, save_as, save_film
from retrodict.plots._theory import plot_learning, plot_paths, plot_phase

__all__ = [
    "Figure",
    "Grid",
    "Lines",
    "Roofline",
    "footer",
    "plot_answers",
    "plot_before_after",
    "plot_comparison",
    "plot_cosines",
    "plot_effect",
    "plot_film",
    "plot_indices",
    "plot_learning",
    "plot_matrices",
    "plot_nll",
    "plot_panels",
    "plot_paths",
    "plot_phase",
    "plot_probability",
    "plot_roofline",
    "plot_training",
    "save",
    "save_as",
    "save_film",
]

"""Plots: matplotlib figures, each a function of traces or of what theory computed."""

from retrodict.plots._curves import plot_nll, plot_overlay
from retrodict.plots._matrices import plot_matrices
from retrodict.plots._style import footer, save
from retrodict.plots._theory import plot_indices, plot_learning, plot_paths, plot_phase

__all__ = [
    "footer",
    "plot_indices",
    "plot_learning",
    "plot_matrices",
    "plot_nll",
    "plot_overlay",
    "plot_paths",
    "plot_phase",
    "save",
]

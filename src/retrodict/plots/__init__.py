"""Plots: matplotlib figures, each a function of traces."""

from retrodict.plots._curves import plot_nll
from retrodict.plots._matrices import plot_matrices
from retrodict.plots._style import footer, save

__all__ = ["footer", "plot_matrices", "plot_nll", "save"]

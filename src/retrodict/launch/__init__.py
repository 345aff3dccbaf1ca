"""Launch: where experiments run. Here: this machine, one population at a time."""

from retrodict.launch._cores import cores
from retrodict.launch._grid import CellResult, execute_cells, execute_grid, look_up
from retrodict.launch._local import Reporter, execute, train

__all__ = [
    "CellResult",
    "Reporter",
    "cores",
    "execute",
    "execute_cells",
    "execute_grid",
    "look_up",
    "train",
]

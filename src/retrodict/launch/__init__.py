"""Launchers run experiments: on this machine, one population at a time, or on Ray or Slurm."""

from retrodict.launch._asked import Answer, Asked, is_local
from retrodict.launch._choose import launcher_named
from retrodict.launch._cores import cores
from retrodict.launch._grid import CellResult, all_diverged, execute_cells, execute_grid, look_up
from retrodict.launch._launcher import LOCAL, Launcher
from retrodict.launch._local import Ended, Job, Reporter, Running, execute, train
from retrodict.launch._named import execute_on, run_named

__all__ = [
    "LOCAL",
    "Answer",
    "Asked",
    "CellResult",
    "Ended",
    "Job",
    "Launcher",
    "Reporter",
    "Running",
    "all_diverged",
    "cores",
    "execute",
    "execute_cells",
    "execute_grid",
    "execute_on",
    "is_local",
    "launcher_named",
    "look_up",
    "run_named",
    "train",
]

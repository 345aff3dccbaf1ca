"""Experiments: the YAML and its sections, checks, overrides, grids, and the hash."""

from retrodict.experiment._experiment import (
    HEADER,
    RESULTS_VERSION,
    SGD,
    AdamW,
    Experiment,
    Record,
    Training,
    flow,
)
from retrodict.experiment._explain import models_in
from retrodict.experiment._grid import Cell, Grid, read, short_names, telling
from retrodict.experiment._yaml import read_text

__all__ = [
    "HEADER",
    "RESULTS_VERSION",
    "SGD",
    "AdamW",
    "Cell",
    "Experiment",
    "Grid",
    "Record",
    "Training",
    "flow",
    "models_in",
    "read",
    "read_text",
    "short_names",
    "telling",
]

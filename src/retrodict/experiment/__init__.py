"""Experiments: the YAML and its sections, checks, overrides, grids, and the hash."""

from retrodict.experiment._experiment import HEADER, Experiment, Placed
from retrodict.experiment._explain import models_in
from retrodict.experiment._grid import Cell, Grid, distinguishing_settings, read, short_names
from retrodict.experiment._identity import RESULTS_VERSION
from retrodict.experiment._overrides import flow
from retrodict.experiment._sections import SGD, AdamW, Record, Training
from retrodict.experiment._yaml import read_text

__all__ = [
    "HEADER",
    "RESULTS_VERSION",
    "SGD",
    "AdamW",
    "Cell",
    "Experiment",
    "Grid",
    "Placed",
    "Record",
    "Training",
    "distinguishing_settings",
    "flow",
    "models_in",
    "read",
    "read_text",
    "short_names",
]

"""The run store: one folder per run, named by the hash of its experiment."""

from retrodict.runs._again import has_weights, set_aside
from retrodict.runs._again import replace as replace_run
from retrodict.runs._check import check_run
from retrodict.runs._drawings import check_store, forget_figures_of
from retrodict.runs._export import export, require_empty
from retrodict.runs._listing import Listed, folders, is_bare, listed
from retrodict.runs._log import EpochProgress
from retrodict.runs._problem import FAILING, Problem
from retrodict.runs._provenance import Provenance, changed_since
from retrodict.runs._prune import SELECTIONS, plan, prune
from retrodict.runs._run import Run, open_run
from retrodict.runs._store import Store, require_writable

__all__ = [
    "FAILING",
    "SELECTIONS",
    "EpochProgress",
    "Listed",
    "Problem",
    "Provenance",
    "Run",
    "Store",
    "changed_since",
    "check_run",
    "check_store",
    "export",
    "folders",
    "forget_figures_of",
    "has_weights",
    "is_bare",
    "listed",
    "open_run",
    "plan",
    "prune",
    "replace_run",
    "require_empty",
    "require_writable",
    "set_aside",
]

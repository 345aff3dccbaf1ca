"""The run store: a folder a run, named by the hash of its experiment."""

from retrodict._processor import processor
from retrodict.runs._check import FAILING, Problem, check_run
from retrodict.runs._export import Export, export, require_empty
from retrodict.runs._figures import check_store
from retrodict.runs._listing import Listed, folders, is_bare, listed
from retrodict.runs._progress import Progress
from retrodict.runs._prune import SELECTIONS, Selection, Victim, plan, prune
from retrodict.runs._run import Run, open_run
from retrodict.runs._store import Store, require_writable

__all__ = [
    "FAILING",
    "SELECTIONS",
    "Export",
    "Listed",
    "Problem",
    "Progress",
    "Run",
    "Selection",
    "Store",
    "Victim",
    "check_run",
    "check_store",
    "export",
    "folders",
    "is_bare",
    "listed",
    "open_run",
    "plan",
    "processor",
    "prune",
    "require_empty",
    "require_writable",
]

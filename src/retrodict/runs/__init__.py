"""The run store: a folder a run, named by the hash of its experiment."""

from retrodict.runs._environment import processor
from retrodict.runs._run import Run, open_run
from retrodict.runs._store import Store, require_writable

__all__ = ["Run", "Store", "open_run", "processor", "require_writable"]

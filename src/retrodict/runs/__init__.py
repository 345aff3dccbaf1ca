"""The run store: a folder a run, named by the hash of its experiment."""

from retrodict.runs._run import Progress, Run, open_run, processor
from retrodict.runs._store import Store, require_writable

__all__ = ["Progress", "Run", "Store", "open_run", "processor", "require_writable"]

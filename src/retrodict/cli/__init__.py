"""The command line. `commands` has one file a command; `_exit` says how a command ends."""

import os

from retrodict.cli._exit import main

# NumPy's threads (OpenBLAS) spin while they wait for each other. What theory multiplies is small:
# two are no faster than one, and beside another busy process twenty times slower. This is set
# before a command loads NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__all__ = ["main"]

"""The command line. `commands` has one file per command; `_exit` defines how a command ends."""

import os

from retrodict.cli._exit import main

# NumPy's threads (OpenBLAS) spin while they wait for each other. The matrices of the theory are
# small: two threads are no faster than one, and twenty times slower when another process is busy.
# This is set before a command loads NumPy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

__all__ = ["main"]

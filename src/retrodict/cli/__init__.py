"""The command line: each command is a few lines over the API. Heavy imports wait for their use."""

import os
import sys

# NumPy's threads (OpenBLAS) spin while they wait for each other. What theory multiplies is small:
# two are no faster than one, and beside another busy process twenty times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

try:
    from retrodict.cli._main import main
except KeyboardInterrupt:  # Ctrl-C before there is a command that could keep anything
    print("retrodict: interrupted", file=sys.stderr)
    raise SystemExit(130) from None

__all__ = ["main"]

"""The command line: each command is a few lines over the API. Heavy imports wait for their use."""

import os
import sys

# NumPy's threads (OpenBLAS) spin while they wait for each other. What theory multiplies is small:
# two are no faster than one, and beside another busy process twenty times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def main() -> None:
    """Run the command line; every way to fail ends in one line on stderr."""
    from retrodict.cli._exit import end_with

    end_with(_command)


def _command() -> int | None:
    from retrodict.cli._main import call  # what fails while it is loaded ends in a line, too

    return call(sys.argv[1:])


__all__ = ["main"]

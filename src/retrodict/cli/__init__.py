"""The command line: each command is a few lines over the API. Heavy imports wait for their use."""

import sys

try:
    from retrodict.cli._main import main
except KeyboardInterrupt:  # Ctrl-C before there is a command that could keep anything
    print("retrodict: interrupted", file=sys.stderr)
    raise SystemExit(130) from None

__all__ = ["main"]

"""The command line: each command is a few lines over the API. Heavy imports wait for their use."""

from retrodict.cli._main import main

__all__ = ["main"]

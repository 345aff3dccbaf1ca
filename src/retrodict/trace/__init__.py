"""The Trace: what training and theory record of an experiment, and the file it is kept in."""

from retrodict.trace._file import NoTrace, content_of, unmarked
from retrodict.trace._misfit import are_ends, misfit
from retrodict.trace._recording import CURVES, LOSSES, PANELS, Recording, require_memory_for
from retrodict.trace._trace import Recorded, Trace

__all__ = [
    "CURVES",
    "LOSSES",
    "PANELS",
    "NoTrace",
    "Recorded",
    "Recording",
    "Trace",
    "are_ends",
    "content_of",
    "misfit",
    "require_memory_for",
    "unmarked",
]

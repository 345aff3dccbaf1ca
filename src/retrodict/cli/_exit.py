"""How a command ends: its exit code, and one line on stderr if it failed.

0: done, and every claim held. 1: done, and a claim did not hold; nothing else ends in 1. 2: bad
input. 3: could not finish, and can be resumed. 130: interrupted, and can be resumed.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
import traceback
import warnings
from collections.abc import Callable
from typing import NoReturn

from retrodict.cli._streams import Stream, hold_descriptors, steadied, steady_streams
from retrodict.errors import (
    OUT_OF_MEMORY,
    BadInput,
    CannotFinish,
    Interrupted,
    is_out_of_memory,
    printable,
)
from retrodict.files import reason
from retrodict.host import own_settings
from retrodict.signals import STOPPING, interruptible

_DEBUG = "RETRODICT_DEBUG"
_LONGEST = 300  # characters shown of an unexpected error


def main() -> NoReturn:
    """Run the command line, and end the process with its exit code."""
    end_with(lambda: call(sys.argv[1:]))


def run_cli(arguments: list[str]) -> int:
    """Run one command, and return its exit code."""
    return exit_code_of(lambda: call(arguments))


@own_settings()
def call(arguments: list[str]) -> int | None:
    """Run one command; return the exit code it gives, or raise what ended it."""
    # imported here, so that a failing import also ends in one line
    from retrodict.cli.commands import COMMANDS, app

    if arguments in ([], ["runs"]):
        arguments = [*arguments, "--help"]
    code: int | None = app(arguments, standalone_mode=False)
    if code == 130:  # Ctrl-C outside a training, which the parser has caught
        named = [word for word in arguments if word != "--"]
        one = COMMANDS.get(" ".join(named[:2])) or COMMANDS.get(named[0])
        raise KeyboardInterrupt(one.if_interrupted(arguments) if one else "")
    return code


def end_with(command: Callable[[], int | None]) -> NoReturn:
    """Call a command, and end the process with its exit code."""
    hold_descriptors()
    sys.stdout, sys.stderr = steadied(sys.stdout), steadied(sys.stderr)  # to the very end
    _forgive_warnings()
    for name in ("COLUMNS", "LINES"):
        if not os.environ.get(name, "1").isdecimal():
            del os.environ[name]  # Rich would fail on a value such as "²"
    with interruptible():
        code = exit_code_of(command)
    for signum in STOPPING:
        signal.signal(signum, signal.SIG_IGN)  # there is nothing left to interrupt
    sys.exit(code)


def exit_code_of(command: Callable[[], int | None]) -> int:
    """Call a command, and return its exit code; every failure ends in one line on stderr."""
    with steady_streams():
        try:
            code = command() or 0
        except BaseException as error:
            code = _say(*_told(error))
        return _with_results(code, sys.stdout)


def _told(error: BaseException) -> tuple[int, str]:
    """Return the exit code and the line for what ended a command."""
    match error:
        case BadInput():
            return 2, str(error)
        case CannotFinish():
            return 3, str(error)
        case Interrupted():
            return 130, f"{error}; the same command continues from there"
        case KeyboardInterrupt():
            return 130, f"interrupted; {error}" if str(error) else "interrupted"
        case SystemExit() if isinstance(error.__context__, OSError):  # the parser, after a pipe
            return _told(error.__context__)
        case OSError():
            return _of_system(error)
        case ImportError():
            return 3, f"cannot be loaded: {error}; reinstall retrodict (pip install)"
        case Exception() if is_out_of_memory(error):
            return 2, OUT_OF_MEMORY
    if hasattr(error, "format_message"):  # an error of the command-line parser
        return 2, error.format_message().replace("Value error, ", "")
    if type(error).__name__ == "Abort":  # the parser raises it at the end of stdin
        return _told(KeyboardInterrupt())
    if os.environ.get(_DEBUG):
        traceback.print_exception(error)
    said = f"unexpected {type(error).__name__}: {error}"[:_LONGEST]
    return 3, f"{said}; this is a bug, please report it: {_DEBUG}=1 shows where it happened"


def _of_system(error: OSError) -> tuple[int, str]:
    """Return the exit code and the line for an error of the operating system."""
    where = f"{error.filename}: " if error.filename else ""
    return 2 if error.errno == errno.ENAMETOOLONG else 3, f"{where}{reason(error)}"


def _say(code: int, text: str) -> int:
    """Print one line on stderr, and return the exit code."""
    line = printable(" ".join(text.split()))
    print(f"retrodict: {line}", file=sys.stderr)
    return code


def _with_results(code: int, stdout: object) -> int:
    """Return the exit code, after a check that the results could be written."""
    if not isinstance(stdout, Stream) or code not in (0, 1):
        return code
    stdout.flush()
    if why := stdout.lost:
        kept = "what was done is kept; run the same command again"
        return _say(code or 3, f"stdout: {why}: the results could not be written there; {kept}")
    if not stdout.given:
        _say(code, "stdout is closed: the results are not printed; what was done is kept")
    return code


def _forgive_warnings() -> None:
    """Keep libraries' warnings from becoming errors, as PYTHONWARNINGS may demand."""
    if any(action == "error" for action, *_ in warnings.filters):
        os.environ.pop("PYTHONWARNINGS", None)  # for the processes that are started from here
        warnings.resetwarnings()
        for kind in (DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning):
            warnings.simplefilter("ignore", kind)  # as Python does by default

"""Standard streams whose writes cannot fail, so that lost output never ends a command.

A write that the system refuses (a closed pipe, a full disk, a lost terminal) is dropped and
remembered. A letter that the encoding lacks is spelt in ASCII.
"""

from __future__ import annotations

import codecs
import contextlib
import errno
import io
import json
import os
import select
import stat
import sys
import unicodedata
from collections.abc import Iterator
from typing import Any

from retrodict.files import DISK_FULL, dumps

_FULL = (*DISK_FULL, errno.EFBIG)  # EFBIG: the user's limit on the size of a file
_STRICT = ("strict", "surrogateescape", "backslashreplace")  # what Python itself chooses
_SPELT = "retrodict.spelt"
_SIGNS = {"→": "->", "←": "<-", "⇝": "~>", "⇔": "<=>", "×": "x", "±": "+-", "≤": "<=", "≥": ">="}
_SIGNS |= {"≠": "!=", "−": "-", "–": "-", "·": "*", "…": "..."}
_SIGNS |= {"’": "'", "‘": "'", "“": '"', "”": '"'}


class Stream(io.TextIOWrapper):
    """A standard stream to which every write succeeds.

    Parameters:
        raw: where the bytes go.
        encoding: of the text.
        errors: Python's name for what to do with letters that the encoding lacks.
        at_once: what is written at once: each `line`, `all`, or "" for a full buffer.
        given: whether the process has such a stream at all.
    """

    buffer = None  # type: ignore[assignment]  # else help is written in UTF-8 to an ASCII stream

    def __init__(
        self, raw: _Raw, encoding: str, errors: str, at_once: str = "", given: bool = True
    ) -> None:
        errors = _SPELT if errors in _STRICT else errors
        below: Any = raw if at_once == "all" else io.BufferedWriter(raw)
        line, all_ = at_once == "line", at_once == "all"
        super().__init__(below, encoding, errors, line_buffering=line, write_through=all_)
        self.given, self._raw = given, raw

    @property
    def lost(self) -> str:
        """Why output was lost; "" if none was, or if the stream has no reader.

        A pipe whose other end is closed has no reader, nor has a terminal that is gone.
        """
        if (error := self._raw.error) is None:
            return ""
        if error.errno in _FULL or self._raw.is_file():
            return error.strerror or str(error)
        return ""


class _Raw(io.RawIOBase):
    """The bytes of a stream. Closing it closes the file below only if it owns that file."""

    def __init__(self, below: Any, own: bool = False) -> None:
        self._below: io.FileIO = below
        self._own = own
        self.error: OSError | None = None

    def close(self) -> None:
        if self._own:
            self._below.close()
        super().close()

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._below.fileno()

    def isatty(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return self._below.isatty()
        return False

    def is_file(self) -> bool:
        """Whether the bytes go into a file on a disk."""
        with contextlib.suppress(OSError, ValueError):
            return stat.S_ISREG(os.fstat(self.fileno()).st_mode)
        return False

    def seekable(self) -> bool:
        with contextlib.suppress(OSError, ValueError):
            return self._below.seekable()
        return False

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._below.seek(offset, whence)

    def write(self, data: Any) -> int:
        """Write all of it; if the system refuses, drop the rest."""
        left = memoryview(data).cast("B")
        size = len(left)
        try:
            while left:
                written = self._below.write(left)
                if written is None:  # another process has made it non-blocking, and it is full
                    select.select([], [self.fileno()], [], 1.0)
                left = left[written or 0 :]
        except (OSError, ValueError) as error:
            closed = OSError(errno.EBADF, str(error))  # Python has closed the file itself
            self.error = self.error or (error if isinstance(error, OSError) else closed)
        return size


def steadied(stream: Any) -> Any:
    """Wrap a stream so that a write to it cannot fail.

    A stream that is not a file of the system (a test's, a notebook's) is returned unchanged.
    """
    if stream is None or stream.closed:
        nowhere = io.FileIO(os.open(os.devnull, os.O_WRONLY), "wb")
        return Stream(_Raw(nowhere, own=True), "utf-8", "strict", given=False)
    below = getattr(stream, "buffer", None)
    below = getattr(below, "raw", below)  # unbuffered, there is nothing between
    if not isinstance(stream, io.TextIOWrapper) or not isinstance(below, io.RawIOBase):
        return stream
    with contextlib.suppress(OSError, ValueError):
        stream.flush()
    at_once = "all" if stream.write_through else "line" if stream.line_buffering else ""
    return Stream(_Raw(below), stream.encoding, stream.errors or "strict", at_once)


@contextlib.contextmanager
def steady_streams() -> Iterator[None]:
    """Make writes to stdout and stderr succeed in this block."""
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = map(steadied, before)
    try:
        yield
    finally:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        sys.stdout, sys.stderr = before


def hold_descriptors() -> None:
    """Open the null device in place of standard descriptors that are closed.

    Otherwise the next file to be opened takes that number, and what a library prints to "stderr"
    lands in a checkpoint.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            with contextlib.suppress(OSError):
                opened = os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
                os.set_inheritable(opened, True)


def print_json(content: Any) -> None:
    """Print one JSON document on stdout.

    A number that is not finite becomes null. A letter that stdout's encoding lacks is escaped.
    """
    document = dumps(content)
    try:
        document.encode(getattr(sys.stdout, "encoding", None) or "utf-8")
    except (UnicodeEncodeError, LookupError):
        document = "".join(map(_escaped, document))
    print(document)


def _escaped(letter: str) -> str:
    return letter if letter.isascii() else json.dumps(letter)[1:-1]


def _spelt(error: UnicodeError) -> tuple[str, int]:
    """Replace letters that an encoding lacks: signs, Greek letters by name, others by escapes."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "".join(map(_spelling, error.object[error.start : error.end])), error.end


def _spelling(letter: str) -> str:
    if letter in _SIGNS:
        return _SIGNS[letter]
    kind, _, name = unicodedata.name(letter, "").partition(" LETTER ")
    if kind in ("GREEK SMALL", "GREEK CAPITAL") and name.isalpha():
        return name.lower() if kind.endswith("SMALL") else name.capitalize()
    return _escaped(letter)


codecs.register_error(_SPELT, _spelt)

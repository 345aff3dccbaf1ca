"""The errors by which a command ends. Each message is one line; each class has its exit code."""

from __future__ import annotations

import difflib
import textwrap
import unicodedata
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import ClassVar, Literal


class BadInput(ValueError):
    """The request is invalid (exit code 2; nothing was written).

    The message says what is wrong, where, and what would be valid.
    """


class CannotFinish(RuntimeError):
    """A valid request could not be finished (exit code 3; what was finished is kept)."""


class FileProblem(CannotFinish):
    """A stored file cannot be used.

    Attributes:
        path: the file.
        what: what is wrong.
        remedy: what to do about it; "" if only the caller knows.
    """

    kind: ClassVar[Literal["damaged", "unreadable", "newer"]]

    def __init__(self, path: str | Path, what: str, remedy: str = "") -> None:
        super().__init__(path, what, remedy)
        self.path, self.what, self.remedy = Path(path), what, remedy

    def __str__(self) -> str:
        kind = "damaged: " if self.kind == "damaged" else ""
        return f"{self.path}: {kind}{self.what}" + (f"; {self.remedy}" if self.remedy else "")


class Damaged(FileProblem):
    """A file was read and is wrong, or is missing."""

    kind = "damaged"


class Unreadable(FileProblem):
    """A file cannot be read at the moment; it may be undamaged."""

    kind = "unreadable"


class Newer(FileProblem):
    """A file is in a format that only a newer retrodict reads. It is not damaged."""

    kind = "newer"


class Interrupted(Exception):
    """Training was asked to stop (exit code 130); a checkpoint of this epoch was written."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"stopped after epoch {epoch}")
        self.epoch = epoch


_CONTROLS = ("Cc", "Cf", "Cs", "Zl", "Zp")  # also bidirectional marks, surrogates, line separators


def printable(text: str) -> str:
    """Escape the characters that control a terminal or reorder text; keep newlines and tabs.

    >>> printable("a\\x1b[31m\\u202e é")
    'a\\\\x1b[31m\\\\u202e é'
    """
    controls = {c for c in {*text} - {"\n", "\t"} if unicodedata.category(c) in _CONTROLS}
    if not controls:
        return text
    return text.translate({ord(c): c.encode("unicode_escape").decode() for c in controls})


OUT_OF_MEMORY = "does not fit into memory; make the task, the model or training.learners smaller"


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error of Python, NumPy or torch says that memory ran out."""
    return (
        isinstance(error, MemoryError)
        or "allocate" in str(error)
        or type(error).__name__ == "OutOfMemoryError"
    )


_LONGEST_LIST = 170  # characters of the choices that an error names


def nearest(word: str, choices: Iterable[str]) -> str:
    """Suggest the choice nearest to a mistyped word, or list the choices, at most a few lines.

    >>> nearest("vocab_siz", ["vocab_size", "entity_length"])
    "did you mean 'vocab_size'?"
    >>> nearest("zzz", ["a", "b"])
    'choose from a, b'
    """
    known = sorted(choices)
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    listed = textwrap.shorten(
        ", ".join(known), _LONGEST_LIST, placeholder=" …", break_on_hyphens=False
    )
    more = f" ({len(known)} in all)" if listed.endswith("…") else ""
    return f"choose from {listed}{more}"


def choose(names: Iterable[str], known: Collection[str], complaint: str) -> list[str]:
    """Return these names, each once.

    Raises:
        BadInput: a name is unknown. The message is `complaint` with the name for `{}`, and the
            nearest valid name.

    >>> choose(["plain", "plain"], ["plain", "tied"], "{}: no recipe of that name")
    ['plain']
    >>> choose(["plian"], ["plain", "tied"], "{}: no recipe of that name")
    Traceback (most recent call last):
    retrodict.errors.BadInput: plian: no recipe of that name; did you mean 'plain'?
    """
    asked = list(dict.fromkeys(names))
    for name in asked:
        if name not in known:
            raise BadInput(f"{complaint.format(name)}; {nearest(name, known)}")
    return asked

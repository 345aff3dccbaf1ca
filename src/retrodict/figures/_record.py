"""The JSON file beside a drawing: what was drawn, from which runs, with which verdicts.

It lets a full store answer at once: a figure is drawn again only if its runs, or the code that
draws and checks it, are not those of the record.
"""

from __future__ import annotations

import dataclasses
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

from retrodict.claims import Claim, Verdict
from retrodict.files import (
    FIGURE_FORMAT,
    MISREAD,
    a_number,
    atomic_text,
    digest_of,
    dumps,
    is_plain_name,
    read_json,
    require_format,
)
from retrodict.limits import MAX_COUNT
from retrodict.measures import Interval
from retrodict.source import source_hash


@dataclasses.dataclass(frozen=True)
class DrawingRecord:
    """What is known of a drawing.

    Attributes:
        name, scale, note: of which figure, how large, its configuration in one line.
        runs: the figure's own names for its runs → their folders in the store.
        claims: the verdicts.
        files: the drawings, names in the store → SHA-256 of their content.
        code: what drew and checked it, see `code_version`.
    """

    name: str
    scale: str
    note: str
    runs: dict[str, str]
    claims: list[Claim]
    files: dict[str, str]
    code: str

    def write(self, path: Path) -> None:
        """Write it; raises as `atomic_text` does."""
        content = {"format": FIGURE_FORMAT, **dataclasses.asdict(self)}
        atomic_text(path, dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> DrawingRecord:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        try:
            content = read_json(path)
            if require_format(content.pop("format"), FIGURE_FORMAT, "it") < FIGURE_FORMAT:
                raise ValueError(
                    "of an older version; the figure is drawn anew when it is asked for"
                )
            claims = [_claim(**claim) for claim in content.pop("claims")]
            record = cls(claims=claims, **content)
            named = (*record.files.items(), *record.runs.items())
            text = (record.name, record.scale, record.note, record.code)
            if not all(isinstance(part, str) for part in (*text, *(p for n in named for p in n))):
                raise ValueError("text expected")
            if not all(map(is_plain_name, record.files)):
                raise ValueError("a drawing's name leads out of the store")
        except MISREAD as error:
            raise ValueError(f"{path}: no record of a drawing: {error}") from None
        return record


def fits(record: DrawingRecord, folder: Path) -> bool:
    """Whether the drawings in a folder are those of a record, byte for byte.

    Raises:
        Unreadable: one cannot be read.
    """
    return all(digest_of(folder / name) == digest for name, digest in record.files.items())


def _claim(measured: dict[str, Any], margin: float | None, **rest: Any) -> Claim:
    learners = measured.pop("learners")
    if type(learners) is not int or not 0 <= learners <= MAX_COUNT:
        raise ValueError("a number of learners expected")
    ends = {key: a_number(value) for key, value in measured.items()}
    interval = Interval(**ends, learners=learners)
    claim = Claim(measured=interval, margin=a_number(margin), **rest)
    texts = (claim.name, claim.statement, claim.grade, claim.predicted)
    if not all(isinstance(part, str) for part in texts) or claim.verdict not in get_args(Verdict):
        raise ValueError("a claim is not as claims are")
    return claim


@cache
def code_version() -> str:
    """Hash what a drawing and its verdicts depend on beside their runs: code and matplotlib."""
    without = ("cli/", "doctor/", "report/")
    return source_hash(lambda path: not path.startswith(without), version("matplotlib"))


code_version()  # now: of the code as it is loaded, should a file change later

"""The JSON file beside a drawing: what was drawn, from which runs, with which verdicts.

It lets a full store answer at once: a figure is drawn again only if its runs, or the code that
draws and checks it, are not those of the record.
"""

from __future__ import annotations

import dataclasses
import hashlib
from functools import cache
from pathlib import Path
from typing import Any, get_args

import matplotlib

import retrodict
from retrodict._atomic import atomic_text
from retrodict._json import dumps
from retrodict._room import MOST
from retrodict._untrusted import a_number, is_plain_name, read_json, require_plain_file
from retrodict.claims import Claim, Verdict
from retrodict.measures import Interval

RECORD_FORMAT = 2
"""Version of the file's layout."""


@dataclasses.dataclass(frozen=True)
class Record:
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
        content = {"format": RECORD_FORMAT, **dataclasses.asdict(self)}
        atomic_text(path, dumps(content, indent=1) + "\n")

    @classmethod
    def read(cls, path: Path) -> Record:
        """Read it back.

        Raises:
            ValueError: there is none, it is damaged, or of another version.
        """
        try:
            content = read_json(path)
            if content.pop("format") != RECORD_FORMAT:
                raise ValueError("of another version")
            claims = [_claim(**claim) for claim in content.pop("claims")]
            record = cls(claims=claims, **content)
            named = (*record.files.items(), *record.runs.items())
            text = (record.name, record.scale, record.note, record.code)
            if not all(isinstance(part, str) for part in (*text, *(p for n in named for p in n))):
                raise ValueError("text expected")
            if not all(map(is_plain_name, record.files)):
                raise ValueError("a drawing's name leads out of the store")
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{path}: no record of a drawing: {error}") from None
        return record


def fits(record: Record, folder: Path) -> bool:
    """Whether the drawings in a folder are those of a record, byte for byte."""
    return all(digest_of(folder / name) == digest for name, digest in record.files.items())


def digest_of(path: Path) -> str:
    """SHA-256 of a file; nothing if it cannot be read, or is a link to one elsewhere."""
    try:
        require_plain_file(path)
        with open(path, "rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, ValueError):
        return ""


def _claim(measured: dict[str, Any], margin: float | None, **rest: Any) -> Claim:
    learners = measured.pop("learners")
    if type(learners) is not int or not 0 <= learners <= MOST:
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
    root = Path(retrodict.__file__).parent
    digest = hashlib.sha256(matplotlib.__version__.encode())
    for path in sorted(root.rglob("*.py")):
        if path.relative_to(root).parts[0] not in ("cli", "report"):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


code_version()  # now: of the code as it is loaded, should a file change later

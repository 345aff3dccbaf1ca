"""Documents beside the runs of a store: declared once, written and read in one way."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest

from retrodict.errors import CannotFinish, Newer, Unreadable
from retrodict.files import DOCUMENTS, DRAWING, VERIFY, Document, PlainName
from retrodict.runs import check_store

THINGS = Document("things.json", 2, "count things", "things", oldest=2)


@dataclasses.dataclass(frozen=True)
class Things:
    names: list[PlainName]
    size: float


@dataclasses.dataclass(frozen=True)
class Versioned:
    format: int


def read(path: Path) -> Things:
    return THINGS.read(path, Things)


def test_what_is_written_is_read_back_with_its_format(tmp_path):
    THINGS.write(tmp_path / THINGS.name, Things(["a", "b"], math.inf))
    said = json.loads((tmp_path / THINGS.name).read_text(encoding="utf-8"))
    assert list(said) == ["format", "names", "size"]
    found = THINGS.read(tmp_path / THINGS.name, Things)
    assert found.names == ["a", "b"]
    assert math.isnan(found.size)
    assert THINGS.read(tmp_path / THINGS.name, Versioned).format == 2


def test_one_that_is_not_there_is_none_and_a_damaged_one_says_why(tmp_path):
    assert THINGS.find(tmp_path, read) is None
    (tmp_path / THINGS.name).write_text('{"format": 2}', encoding="utf-8")
    assert THINGS.find(tmp_path, read) == (
        f"{tmp_path / THINGS.name}: no things: names: Field required"
    )


@pytest.mark.parametrize(
    ("content", "kind", "says"),
    [
        ('{"format": 3}', Newer, "format 3 was written by a newer retrodict"),
        ('{"format": 1}', CannotFinish, "an older version; 'retrodict count things' writes it"),
        ('{"format": "x"}', CannotFinish, "damaged: 'x' is not a format version"),
        ("{}", CannotFinish, "damaged: None is not a format version"),
        ("[]", CannotFinish, "damaged: not a JSON object"),
        ("{", CannotFinish, "damaged: Expecting"),
        ("[" * 100_000, CannotFinish, "damaged: nested too deeply"),
        ('{"format": 2, "names": ["../a"], "size": 1}', CannotFinish, "leads out of the store"),
        ('{"format": 2, "names": null, "size": 1}', CannotFinish, "names: Input should be"),
        (None, CannotFinish, "is missing"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(tmp_path, content, kind, says):
    path = tmp_path / THINGS.name
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(kind, match=says) as refused:
        THINGS.load(path, Things, THINGS.oldest)
    assert "\n" not in str(refused.value)
    with pytest.raises(ValueError, match="no things: "):
        THINGS.read(path, Things)


def test_a_link_is_not_followed_and_not_called_damaged(tmp_path):
    THINGS.write(tmp_path / "elsewhere", Things([], 1.0))
    (tmp_path / THINGS.name).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(Unreadable, match="is a symbolic link"):
        THINGS.load(tmp_path / THINGS.name, Things)


def test_every_document_of_a_store_is_checked_and_says_what_writes_it(tmp_path):
    for document in DOCUMENTS:
        (tmp_path / document.name).write_text("{}", encoding="utf-8")
    found = {problem.where.name: problem for problem in check_store(tmp_path)}
    assert set(found) == {document.name for document in DOCUMENTS if document.version}
    assert {problem.kind for problem in found.values()} == {"damaged"}
    assert found[VERIFY.name].remedy == "'retrodict verify' writes it again"
    assert len({document.name for document in (*DOCUMENTS, DRAWING)}) == len(DOCUMENTS) + 1

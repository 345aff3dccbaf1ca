"""What a room's files add is gathered from the lines that import it."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Literal

import pytest
from pydantic import TypeAdapter, ValidationError

from retrodict.config import FrozenConfig
from retrodict.members import any_of, kinds, members


@dataclass(frozen=True)
class Thing:
    name: str


class Shape(FrozenConfig):
    kind: str


class Square(Shape):
    kind: Literal["square"] = "square"
    side: int = 1


class Disc(Shape):
    kind: Literal["disc"] = "disc"


@pytest.fixture
def room(monkeypatch):
    found = ModuleType("a_room")
    monkeypatch.setitem(sys.modules, "a_room", found)
    return found


def test_single_ones_and_tuples_come_in_the_order_of_their_lines(room):
    room.last, room.some, room.other = Thing("z"), (Thing("y"), Thing("b")), "no thing"
    assert [one.name for one in members(Thing, "a_room")] == ["z", "y", "b"]


def test_two_of_one_name_are_refused(room):
    room.one, room.more = Thing("a"), (Thing("a"),)
    with pytest.raises(ValueError, match="a_room: two are named a"):
        members(Thing, "a_room")


def test_a_setting_is_any_of_the_kinds(room):
    room.Shape, room.Square, room.Disc, room.Thing = Shape, Square, Disc, Thing
    assert kinds(Shape, "a_room") == (Square, Disc)
    adapter = TypeAdapter(any_of(Shape, "a_room"))
    assert adapter.validate_python({"kind": "square", "side": 2}) == Square(side=2)
    with pytest.raises(ValidationError, match="'square', 'disc'"):
        adapter.validate_python({"kind": "sphere"})

"""Killed at any operation that alters a file, the same command ends with the same bits.

A child gets SIGKILL before its n-th opening, renaming or removing of a file, for every n that there
is. What a kill between two of them leaves is one of these states, with part of a temporary file.
"""

from __future__ import annotations

import itertools
import shutil
from functools import partial

import pytest

from retrodict.runs import Store
from retrodict.training import _chunks

pytestmark = pytest.mark.seconds

KILLED = -9


def kill_everywhere(answer, in_a_child, require_same, experiment, folder, every: int) -> int:
    """Kill a training at every `every`-th operation, ask again; return how many there are."""
    for kill_before in itertools.count(0, every):
        store = folder / "store"
        code = in_a_child(lambda store=store: answer(experiment, store), kill_before, under=store)
        for run in Store(store).runs():
            assert run.status in ("started", "interrupted", "finished")
        assert code in (0, KILLED)
        require_same(answer(experiment, store), experiment)
        assert not list(store.glob("*/.*.tmp")), "half a file is left"
        if code == 0:
            return kill_before
        shutil.rmtree(store)
    raise AssertionError


@pytest.mark.usefixtures("checkpoint_at_every_epoch")
def test_a_training_may_be_killed_anywhere(answer, in_a_child, require_same, alone, tmp_path):
    assert kill_everywhere(answer, in_a_child, require_same, alone, tmp_path, every=13) > 20


@pytest.mark.slow
@pytest.mark.usefixtures("checkpoint_at_every_epoch")
@pytest.mark.filterwarnings("ignore:3 learners do not fit into memory at once")
@pytest.mark.parametrize("at_a_time", [3, 2])
def test_a_training_may_be_killed_at_every_operation(
    answer, in_a_child, require_same, alone, tmp_path, monkeypatch, at_a_time
):
    monkeypatch.setattr(_chunks, "learners_at_a_time", lambda experiment: at_a_time)
    assert kill_everywhere(answer, in_a_child, require_same, alone, tmp_path, every=1) > 20


@pytest.mark.usefixtures("checkpoint_at_every_epoch")
def test_a_training_that_is_killed_again_and_again_makes_progress(
    answer, in_a_child, require_same, alone, tmp_path
):
    work = partial(answer, alone, tmp_path)
    kills = 0
    while in_a_child(work, kill_before=4, under=tmp_path, of="checkpoint"):
        kills += 1
        assert kills < 10, "it never gets further"
    assert kills > 1
    require_same(answer(alone, tmp_path), alone)

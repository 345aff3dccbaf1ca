"""Locks: one process at a time. Where locks are refused or missing, trainings continue."""

from __future__ import annotations

import contextlib
import errno
import os
import subprocess
import sys
import warnings

import pytest

from retrodict import CannotFinish
from retrodict.files import Unlockable, is_taken, take
from retrodict.runs import Store, plan, prune

pytestmark = pytest.mark.seconds

fcntl = pytest.importorskip("fcntl")

ONE = ("--set", "training.threads=1", "--set", "training.epochs=1")
REFUSED = {
    "ENOLCK": errno.ENOLCK,
    "EOPNOTSUPP": errno.EOPNOTSUPP,
    "ENOTSUPP": 524,  # the kernel's own, which some clusters' file systems let through
    "ENOSYS": errno.ENOSYS,
    "EPERM": errno.EPERM,
    "EACCES": errno.EACCES,
    "EINVAL": errno.EINVAL,
    "EBADF": errno.EBADF,
    "EIO": errno.EIO,
}


@pytest.fixture
def no_locks(monkeypatch):
    """Refuse every lock, as some file systems do."""

    def refuse(number: int) -> None:
        def flock(descriptor: int, operation: int) -> None:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(fcntl, "flock", flock)

    return refuse


def test_a_lock_is_held_once_and_goes_with_its_process(tmp_path):
    path = tmp_path / ".lock"
    program = (
        "import sys, pathlib; from retrodict.files._lock import take; "
        "held = take(pathlib.Path(sys.argv[1])); print('held', flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as other:
        assert other.stdout.readline() == "held\n"
        assert take(path) is None
        assert is_taken(path)
        other.kill()
        other.wait()
    mine = take(path)
    assert mine is not None
    assert take(path) is None  # not even the same process has it twice
    mine.release()
    assert not is_taken(path)


def test_looking_for_a_lock_makes_no_file(tmp_path):
    assert not is_taken(tmp_path / ".lock")
    assert not is_taken(tmp_path / "nowhere" / ".lock")
    assert list(tmp_path.iterdir()) == []


def test_a_lock_file_that_was_deleted_is_not_the_lock(tmp_path, monkeypatch):
    """A process that opened it before would hold a lock that no other process looks at."""
    path, plain, gone = tmp_path / ".lock", fcntl.flock, []

    def late(descriptor: int, operation: int) -> None:
        plain(descriptor, operation)
        if not gone:
            gone.append(path.unlink())

    monkeypatch.setattr(fcntl, "flock", late)
    assert take(path) is not None
    assert path.exists()
    assert is_taken(path)


def test_a_lock_is_not_taken_through_a_link(tmp_path):
    (tmp_path / ".lock").symlink_to(tmp_path / "treasure")
    with pytest.raises(OSError, match="symbolic"):
        take(tmp_path / ".lock")
    assert not (tmp_path / "treasure").exists()


@pytest.mark.parametrize("name", REFUSED)
def test_a_refused_lock_is_not_taken_for_a_held_one(tmp_path, no_locks, name):
    no_locks(REFUSED[name])
    with pytest.raises(Unlockable):
        take(tmp_path / ".lock")
    (tmp_path / ".lock").touch()
    with pytest.raises(Unlockable):
        is_taken(tmp_path / ".lock")


def test_a_store_without_locks_works_with_one_note(
    tiny_yaml, tmp_path, no_locks, command, monkeypatch
):
    monkeypatch.setattr("retrodict.launch._local.cores", lambda *_: contextlib.nullcontext())
    store = tmp_path / "store"
    no_locks(errno.ENOLCK)
    grid = ("--set", "grid.training.seed=[0, 1]")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        code, _, said = command("run", tiny_yaml, *ONE, *grid, "--out", store)
    assert code == 0
    assert said.count("has no locks (No locks available)") == 1
    assert f"{store}: its file system" in said
    assert {run.status for run in Store(store).runs()} == {"finished"}
    assert not list(store.glob("*/*.lock.*"))  # no marker that outlives its maker


def test_without_locks_what_was_trained_a_moment_ago_is_not_deleted(halted, no_locks):
    root = halted.folder.parent
    no_locks(errno.ENOSYS)
    halted.write_progress(2, 3)
    assert prune(root, {"unfinished"}) == []
    os.utime(halted.folder / ".progress", (0, 0))
    told: list[str] = []
    assert [victim.path for victim in plan(root, {"unfinished"})] == [halted.folder]
    assert [victim.path for victim in prune(root, {"unfinished"}, tell=told.append)]
    assert "has no locks" in told[0]


def test_a_lock_that_cannot_be_made_is_named_in_a_line(halted, tmp_path):
    (halted.folder / ".lock").unlink(missing_ok=True)
    (halted.folder / ".lock").symlink_to(tmp_path / "elsewhere")
    with (
        pytest.raises(CannotFinish, match=rf"{halted.folder.name}: cannot be written to: "),
        halted.lock(0.0),
    ):
        pass

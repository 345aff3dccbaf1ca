"""Cores are locked by their own numbers, among those that a process may use."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from pathlib import Path

import pytest

from retrodict import limits
from retrodict.launch._cores import cores

fork = pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="there is no forking here"
)


@pytest.fixture(autouse=True)
def folder(monkeypatch, tmp_path) -> Path:
    """A temporary folder of its own, on a machine of four cores of which this one may use two."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setattr(limits, "cores", lambda: (0, 1))
    return tmp_path


def may_use(monkeypatch, *numbers: int) -> None:
    monkeypatch.setattr(limits, "cores", lambda: numbers)


def never(why: str) -> None:
    pytest.fail(f"waits: {why}")


class Waits(Exception):
    """Raised instead of waiting."""


def once(why: str) -> None:
    raise Waits(why)


def _hold(threads: int, log: str, seconds: float) -> None:
    with cores(threads, lambda why: None, "its run"):
        with open(log, "a", encoding="utf-8") as file:
            file.write("+")
        time.sleep(seconds)
        with open(log, "a", encoding="utf-8") as file:
            file.write("-")


def holding(threads: int, log: Path, seconds: float, count: int = 1) -> list:
    """Start processes that hold cores for a time."""
    context = multiprocessing.get_context("fork")
    workers = [
        context.Process(target=_hold, args=(threads, str(log), seconds)) for _ in range(count)
    ]
    for worker in workers:
        worker.start()
    return workers


@fork
def test_trainings_that_need_all_cores_run_one_after_the_other(tmp_path):
    for worker in holding(2, tmp_path / "log", 0.2, count=3):
        worker.join(30)
    assert (tmp_path / "log").read_text() == "+-+-+-"


def test_trainings_that_fit_run_together():
    with cores(1, never), cores(1, never), pytest.raises(Waits), cores(1, once):
        pass


def test_trainings_with_cores_of_their_own_never_meet(monkeypatch):
    with cores(2, never):
        may_use(monkeypatch, 2, 3)
        with cores(2, never):
            pass


def test_a_waiting_process_leaves_free_cores_to_others(monkeypatch):
    def meanwhile(why: str) -> None:
        may_use(monkeypatch, 1)
        with cores(1, never):
            raise Waits

    may_use(monkeypatch, 0)
    with cores(1, never), pytest.raises(Waits), cores(1, meanwhile):
        pass


def test_more_threads_than_cores_take_all_cores_and_do_not_wait(monkeypatch):
    with cores(64, never), pytest.raises(Waits), cores(1, once):
        pass


@fork
def test_cores_are_free_again_when_their_holder_was_killed(tmp_path):
    (worker,) = holding(2, tmp_path / "log", 60)
    while not (tmp_path / "log").exists():
        time.sleep(0.01)
    worker.kill()
    worker.join(30)
    with cores(2, never):
        pass


def test_a_waiting_process_names_the_one_it_waits_for():
    with cores(1, never, "reversal-ab"), pytest.raises(Waits) as told, cores(2, once):
        pass
    assert f"process {os.getpid()} on " in str(told.value)
    assert "(reversal-ab) uses core 0; this one needs 2 of 2" in str(told.value)


def test_a_holder_without_a_name_is_called_another_training(folder):
    with cores(2, never, "x"):
        for path in folder.glob("*/*.by"):
            path.unlink()
        with pytest.raises(Waits, match=r"^another training uses cores 0, 1; "), cores(1, once):
            pass


def test_the_name_of_a_holder_does_not_control_the_terminal():
    with cores(2, never, "\x1b[31m\nred"), pytest.raises(Waits) as told, cores(1, once):
        pass
    assert str(told.value).isprintable()


def _no_folder(folder: Path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(folder / "nowhere"))


def _a_file(folder: Path, monkeypatch) -> None:
    (folder / f"retrodict-cores-{os.geteuid()}").write_text("")


def _a_link(folder: Path, monkeypatch) -> None:
    (folder / "elsewhere").mkdir()
    (folder / f"retrodict-cores-{os.geteuid()}").symlink_to(folder / "elsewhere")


def _of_somebody_else(folder: Path, monkeypatch) -> None:
    real = os.lstat

    def lstat(path):
        found = list(real(path))
        found[4] += 1  # st_uid
        return os.stat_result(found)

    monkeypatch.setattr("retrodict.launch._cores.os.lstat", lstat)


def _no_locks(folder: Path, monkeypatch) -> None:
    def refuse(path):
        raise OSError(37, "No locks available")

    monkeypatch.setattr("retrodict.launch._cores.take", refuse)


def _a_file_that_is_a_folder(folder: Path, monkeypatch) -> None:
    (folder / f"retrodict-cores-{os.geteuid()}" / "1.lock").mkdir(parents=True)


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="users have no numbers here")
@pytest.mark.parametrize(
    "spoil",
    [_no_folder, _a_file, _a_link, _of_somebody_else, _no_locks, _a_file_that_is_a_folder],
)
def test_where_cores_cannot_be_locked_a_training_continues_without(folder, monkeypatch, spoil):
    spoil(folder, monkeypatch)
    with cores(2, never), cores(2, never):
        pass
    assert not list(folder.glob("elsewhere/*"))

"""Ways to cause faults: processes killed at a chosen operation, disks of a chosen size."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

import retrodict
from retrodict import Experiment
from retrodict.runs import Run, Store
from retrodict.training import _loop

KILLED = -signal.SIGKILL
_ALTERING = ("os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate")
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_APPEND


@pytest.fixture
def alone(tiny) -> Experiment:
    """A small experiment of one thread, so that a forked child can train it."""
    return tiny.with_overrides("training.threads=1", "training.epochs=4", "record.weights_at=[4]")


@pytest.fixture
def checkpoint_at_every_epoch(monkeypatch):
    """Trainings write a checkpoint after every epoch, so that there is much to break."""
    monkeypatch.setattr(_loop._CheckpointClock, "due", lambda self: True)


@pytest.fixture
def require_same() -> Callable[[Run, Experiment], None]:
    """Require a run's bits to be those of a training that nothing happened to."""
    known: dict[str, retrodict.Trace] = {}

    def require(run: Run, experiment: Experiment) -> None:
        digest = experiment.placed().digest()
        if digest not in known:
            known[digest] = retrodict.train(experiment)
        assert run.trace.identical(known[digest])

    return require


@pytest.fixture
def stopped(answer, in_a_child, checkpoint_at_every_epoch) -> Callable[[Experiment, Path], Run]:
    """Leave a run behind whose process was killed over its third checkpoint."""

    def stop(experiment: Experiment, store: Path) -> Run:
        work = partial(answer, experiment, store)
        assert in_a_child(work, kill_before=11, under=store, of="checkpoint") == KILLED
        (run,) = Store(store).runs()
        assert run.status == "interrupted"
        return run

    return stop


@pytest.fixture
def in_a_child() -> Callable[..., int]:
    """Do work in a forked process and return its exit code.

    `kill_before=n, under=folder` kills it with SIGKILL before the n-th operation, from 0, that
    alters a file in that folder; with `of="checkpoint"`, a file that has this in its name.
    """

    def run(
        work: Callable[[], object], kill_before: int = -1, under: Path = Path("/"), of: str = ""
    ) -> int:
        context = multiprocessing.get_context("fork")
        child = context.Process(target=_dying, args=(work, kill_before, str(under), of))
        child.start()
        child.join(120)
        assert child.exitcode is not None, "the child hangs"
        return child.exitcode

    return run


def _dying(work: Callable[[], object], kill_before: int, under: str, of: str) -> None:
    count = 0

    def look(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal count
        path = str(arguments[0]) if _alters(event, arguments) else ""
        if not path.startswith(under) or of not in path.rpartition("/")[2]:
            return
        if count == kill_before:
            os.kill(os.getpid(), signal.SIGKILL)
        count += 1

    sys.addaudithook(look)
    work()


def _alters(event: str, arguments: tuple[object, ...]) -> bool:
    if event == "open":
        flags = arguments[2]
        return isinstance(flags, int) and bool(flags & _WRITES)
    return event in _ALTERING


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Callable[[int], Path]]:
    """Mount a file system of so many KiB; skips where that is not allowed."""
    mounted: list[Path] = []

    def mount(kilobytes: int) -> Path:
        folder = tmp_path / f"disk-{len(mounted)}"
        folder.mkdir()
        options = f"size={kilobytes}k,mode=0777"
        command = ["mount", "-t", "tmpfs", "-o", options, "none", str(folder)]
        if subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("this user may not mount a file system")
        mounted.append(folder)
        return folder

    yield mount
    for folder in mounted:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture
def leave() -> Callable[[Path, int], Path]:
    """Fill a disk but for so many KiB; return the file that fills it."""

    def fill(disk: Path, kilobytes: int) -> Path:
        ballast = disk / "ballast"
        ballast.unlink(missing_ok=True)
        status = os.statvfs(disk)
        free = status.f_bavail * status.f_bsize
        ballast.write_bytes(bytes(max(free - 1024 * kilobytes, 0)))
        return ballast

    return fill

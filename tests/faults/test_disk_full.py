"""A disk that runs full, at every kind of write: one clear line, and nothing that was good is lost.

The disk is real: a small file system in memory, filled but for some KiB.
"""

from __future__ import annotations

import pytest

from retrodict import CannotFinish
from retrodict.cli._exit import run_cli
from retrodict.runs import Store

pytestmark = pytest.mark.seconds

FREE = (0, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192)
"""KiB; a tiny run takes about 150, in files of one page to some tens."""


def fill_and_ask(answer, require_same, small_disk, leave, experiment, free) -> int:
    """Ask for an experiment on fuller and emptier disks; return how often the disk was too full."""
    refused = 0
    for kilobytes in free:
        disk = small_disk(2048)
        store = disk / "store"
        store.mkdir()
        ballast = leave(disk, kilobytes)
        refusal = ""
        try:
            answer(experiment, store)
        except CannotFinish as error:
            refusal = str(error)
        if refusal:
            refused += 1
            assert "the disk is full; free some space and run the same command again" in refusal
            assert "\n" not in refusal
        for run in Store(store).runs():
            assert run.status in ("started", "interrupted", "finished")
        ballast.unlink()
        require_same(answer(experiment, store), experiment)
        assert not list(store.glob("*/.*.tmp"))
    return refused


@pytest.mark.usefixtures("checkpoint_at_every_epoch")
def test_a_training_on_a_full_disk_continues_when_there_is_space(
    answer, require_same, small_disk, leave, alone
):
    free = FREE[::3]
    refused = fill_and_ask(answer, require_same, small_disk, leave, alone, free)
    assert 1 < refused <= len(free)


@pytest.mark.slow
@pytest.mark.usefixtures("checkpoint_at_every_epoch")
def test_a_training_on_a_disk_of_any_fullness(answer, require_same, small_disk, leave, alone):
    free = range(0, 640, 16)
    refused = fill_and_ask(answer, require_same, small_disk, leave, alone, free)
    assert 10 < refused < len(free), "all or none found space"


def test_the_last_good_checkpoint_outlives_a_full_disk(
    answer, require_same, small_disk, leave, alone, monkeypatch
):
    disk = small_disk(2048)
    ballast = disk / "ballast"

    def due(clock) -> bool:
        due.asked += 1
        if due.asked == 3:
            leave(disk, 4)  # the second epoch's checkpoint is there; the third's finds no space
        return True

    due.asked = 0
    monkeypatch.setattr("retrodict.training._loop._CheckpointClock.due", due)
    with pytest.raises(CannotFinish, match=r"checkpoint\.safetensors: the disk is full"):
        answer(alone, disk)
    (run,) = Store(disk).runs()
    assert run.status == "interrupted"
    ballast.unlink()
    require_same(answer(alone, disk), alone)
    assert run.events()[-2]["event"] == "resumed"


COMMANDS = {
    "run": ["run", "{yaml}", "--out", "{disk}/s"],
    "grid": ["run", "{yaml}", "--set", "grid.training.seed=[0, 7]", "--out", "{disk}/s"],
    "reproduce": ["reproduce", "fig1", "table1", "--scale", "smoke", "--out", "{disk}/s"],
    "verify": ["verify", "--fast", "--out", "{disk}/s"],
    "report": ["report", "--store", "{ready}", "--out", "{disk}/report.html"],
    "report.md": ["report", "--store", "{ready}", "--out", "{disk}/report.md"],
    "export": ["runs", "export", "--out", "{ready}", "--to", "{disk}/export"],
    "plot": ["compare", "{ready}/{name}", "--plot", "{disk}/plot.png"],
}


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_no_command_leaves_half_a_file_on_a_full_disk(
    small_disk, leave, tiny_yaml, tmp_path, capsys, command
):
    ready = tmp_path / "ready"
    run_cli(["run", str(tiny_yaml), "--out", str(ready)])
    (run,) = Store(ready).runs()
    disk = small_disk(8192)
    places = {"yaml": tiny_yaml, "disk": disk, "ready": ready, "name": run.folder.name}
    arguments = [part.format(**places) for part in COMMANDS[command]]
    refused = 0
    for kilobytes in (0, 4, 16, 64, 128, 256):
        ballast = leave(disk, kilobytes)
        capsys.readouterr()
        code = run_cli(arguments)
        said = [line for line in capsys.readouterr().err.splitlines() if "retrodict:" in line]
        assert not list(disk.rglob("*.tmp"))
        ballast.unlink()
        if code == 0:
            break
        refused += 1
        assert code == 3, said
        assert len(said) == 1
        assert "the disk is full; free some space and run the same command again" in said[0]
    assert refused
    written = command == "export" and code == 0
    assert run_cli(arguments) == (2 if written else 0)  # an export is written once

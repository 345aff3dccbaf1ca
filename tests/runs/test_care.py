"""Looking after a store: what is listed, found wrong, deleted; links, strangers, read-only."""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil

import pytest

from retrodict import CannotFinish, open_run
from retrodict.experiment import RESULTS_VERSION
from retrodict.files import atomic_text
from retrodict.runs import Run, check_run, check_store, folders, listed, plan, prune

BARE, HURT = "chain-transformer-ba0e00000000", "chain-transformer-4a5700000000"


def flipped(path) -> None:
    """Flip a bit of the last byte."""
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))


def kinds(folder) -> dict[str, str]:
    """What is wrong with a run, by file; the note that its format is old aside."""
    found = [problem for problem in check_run(folder) if problem.kind != "older"]
    return {problem.where.name: problem.kind for problem in found}


def test_a_sound_run_has_no_problems(fresh):
    assert check_run(fresh.folder) == []


def test_old_runs_are_named_and_are_no_problem(old, halted):
    assert [problem.kind for problem in check_run(old.folder)] == ["older"]
    assert [problem.kind for problem in check_run(halted.folder)] == ["older"]


WAYS = ("flipped", "cut", "missing", "linked")
FILES = ("trace.nc", "weights.safetensors", "environment.json", "experiment.yaml", "run.json")


@pytest.mark.parametrize(
    ("name", "how"),
    [
        pytest.param(name, how, marks=[] if (i + j) % 4 == 0 else pytest.mark.slow)
        for i, name in enumerate(FILES)
        for j, how in enumerate(WAYS)
    ],
)
def test_damage_of_every_file_is_found(fresh, tmp_path, name, how):
    path = fresh.folder / name
    if how == "flipped":
        flipped(path)
    elif how == "cut":
        os.truncate(path, path.stat().st_size // 2)
    elif how == "missing":
        path.unlink()
    else:
        path.rename(tmp_path / "elsewhere")
        path.symlink_to(tmp_path / "elsewhere")
    found = kinds(fresh.folder)
    if (name, how) == ("run.json", "missing"):
        assert found == {fresh.folder.name: "leftover"}
    else:
        assert found == {name: "unreadable" if how == "linked" else "damaged"}


def test_what_is_newer_is_no_damage(fresh):
    path = fresh.folder / "run.json"
    path.write_text(path.read_text().replace('"format": 2', '"format": 9'))
    (problem,) = check_run(fresh.folder)
    assert problem.kind == "newer"
    assert "format 9 was written by a newer retrodict" in problem.what
    assert "upgrade" in problem.remedy
    assert plan(fresh.folder.parent, {"damaged", "outdated", "unfinished"}) == []


def test_a_bit_of_a_checkpoint_is_found(halted):
    flipped(halted.checkpoint)
    (problem,) = [p for p in check_run(halted.folder) if p.kind != "older"]
    assert problem.kind == "damaged"
    assert "fails its checksum" in problem.what
    os.truncate(halted.checkpoint, 1000)
    assert kinds(halted.folder) == {"checkpoint.safetensors": "damaged"}


def test_misnamed_foreign_and_leftover_files_are_distinguished(fresh, halted):
    (fresh.folder / "notes.txt").write_text("mine")
    (fresh.folder / ".trace.nc.99.tmp").write_text("half")
    shutil.copy(halted.checkpoint, fresh.folder / "checkpoint-backup.safetensors")
    shutil.copy(halted.checkpoint, fresh.folder / "checkpoint-0-1.safetensors")
    assert kinds(fresh.folder) == {
        "notes.txt": "foreign",
        "checkpoint-backup.safetensors": "foreign",
        ".trace.nc.99.tmp": "leftover",
        "checkpoint-0-1.safetensors": "leftover",
    }
    moved = fresh.folder.rename(fresh.folder.parent / "reversal-transformer-000000000000")
    assert kinds(moved)[moved.name] == "misnamed"
    assert kinds(moved.rename(moved.parent / "the one I like"))["the one I like"] == "note"


def test_what_is_being_trained_leaves_nothing_behind(halted):
    (halted.folder / ".checkpoint.safetensors.99.tmp").write_text("half")
    with halted.lock(timeout=0.0):
        assert halted.status == "running"
        assert kinds(halted.folder) == {}
        assert plan(halted.folder.parent, {"leftovers", "unfinished", "damaged"}) == []
    assert list(kinds(halted.folder).values()) == ["leftover"]


def test_a_record_is_checked_against_its_drawing(fresh):
    root = fresh.folder.parent
    (root / "fig9.png").write_bytes(b"drawn")
    record = {"format": 2, "runs": {"a": fresh.folder.name}, "files": {"fig9.png": "0" * 64}}
    (root / "fig9.json").write_text(json.dumps(record))
    (problem,) = check_store(root)
    assert (problem.where.name, problem.kind) == ("fig9.png", "damaged")
    assert "retrodict reproduce fig9" in problem.remedy
    (root / "fig9.json").write_text(json.dumps({**record, "format": 3}))
    assert [problem.kind for problem in check_store(root)] == ["newer"]
    (root / "fig9.json").write_text("[" * 100_000)
    assert [problem.kind for problem in check_store(root)] == ["damaged"]


def test_everything_in_a_store_is_listed(old, halted, fresh):
    root = old.folder.parent
    shutil.copytree(fresh.folder, root / fresh.folder.name, dirs_exist_ok=True)
    (root / "foreign").mkdir()
    (root / BARE).mkdir()
    (root / BARE / "experiment.yaml").write_text("half")
    shutil.copytree(old.folder, root / HURT)
    (root / HURT / "run.json").write_text("{")
    found = {one.name: one for one in map(listed, folders(root))}
    assert {name: one.status for name, one in found.items()} == {
        old.folder.name: "finished",
        halted.folder.name: "finished",  # of the present format now
        "foreign": "foreign",
        BARE: "incomplete",
        HURT: "damaged",
    }
    assert "run.json: damaged" in found[HURT].problem
    one = found[old.folder.name]
    assert (one.epochs_done, one.made_by) == (3, "0.1.0")
    assert one.finished_at.startswith("2026-11-24T")
    assert one.settings["task.kind"] == "reversal"
    assert one.bytes == sum(path.stat().st_size for path in old.folder.iterdir())


def test_epochs_of_an_unfinished_run_are_read_off_its_checkpoints(halted):
    assert listed(halted.folder).epochs_done == 2
    halted.checkpoint.rename(halted.folder / "checkpoint-0-1.safetensors")
    assert listed(halted.folder).epochs_done == 1  # of one learner of two


def test_an_experiment_in_another_hand_is_listed_too(old):
    path = old.folder / "experiment.yaml"
    text = path.read_text().replace("training:  {epochs: 3,", "training:\n  {epochs: 3,\n  ")
    path.write_text(text)
    assert listed(old.folder).settings["training.epochs"] == 3


def test_only_what_is_chosen_is_deleted_and_a_plan_deletes_nothing(old, halted, content):
    root = old.folder.parent
    before = content(root)
    assert plan(root, set()) == []
    (victim,) = plan(root, {"unfinished"})
    assert (victim.path, victim.why) == (halted.folder, "unfinished")
    assert victim.bytes == sum(path.stat().st_size for path in halted.folder.iterdir())
    assert content(root) == before
    assert [one.path for one in prune(root, {"unfinished"})] == [halted.folder]
    assert not halted.folder.exists()
    assert old.trace


def test_discarded_weights_are_recorded_as_not_kept(old):
    root = old.folder.parent
    (victim,) = prune(root, {"weights"})
    assert victim.bytes > 10_000
    again = open_run(old.folder)
    with pytest.raises(CannotFinish, match="was not kept"):
        again.weights()
    assert again.trace.identical(old.trace)
    assert check_run(old.folder) == []  # run.json was written anew, in the present format
    assert again.results_version == 2
    assert plan(root, {"weights"}) == []


def test_damaged_and_outdated_runs_are_pruned_on_request(old, fresh, monkeypatch):
    flipped(old.folder / "trace.nc")
    assert [one.why for one in prune(old.folder.parent, {"damaged"})] == ["damaged"]
    assert not old.folder.exists()
    monkeypatch.setattr("retrodict.runs._prune.RESULTS_VERSION", RESULTS_VERSION + 1)
    assert [one.why for one in prune(fresh.folder.parent, {"outdated"})] == ["outdated"]
    assert not fresh.folder.exists()


def test_only_leftovers_are_pruned(fresh, halted):
    root = fresh.folder.parent
    (fresh.folder / ".trace.nc.99.tmp").write_text("half")
    shutil.copy(halted.checkpoint, fresh.checkpoint)
    (root / BARE).mkdir()
    (root / BARE / ".lock").touch()
    dead, writing = root / ".fig1.png.4194399.tmp", root / f".fig2.png.{os.getpid()}.tmp"
    for path in (dead, writing):
        path.write_text("half")
        os.utime(path, (0, 0))
    gone = {one.path.name for one in prune(root, {"leftovers"})}
    assert gone == {".trace.nc.99.tmp", "checkpoint.safetensors", BARE, dead.name}
    assert check_run(fresh.folder) == []
    assert writing.exists()


def test_strangers_and_what_links_lead_to_are_never_deleted(halted, tmp_path):
    root = halted.folder.parent
    outside = tmp_path / "outside"
    shutil.copytree(halted.folder, outside)
    (root / "linked").symlink_to(outside)
    (halted.folder / "checkpoint-backup.safetensors").write_text("mine")
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    (halted.folder / "weights.safetensors").symlink_to(treasure)
    (victim,) = prune(root, {"unfinished", "damaged", "leftovers"})
    assert victim.path == halted.folder
    assert [path.name for path in halted.folder.iterdir()] == ["checkpoint-backup.safetensors"]
    assert treasure.read_text() == "mine"
    assert (outside / "run.json").exists()


def test_finishing_deletes_its_own_checkpoints_and_no_others(halted, answer):
    stranger = halted.folder / "checkpoint-backup.safetensors"
    shutil.copy(halted.checkpoint, stranger)
    answer(halted.experiment, halted.folder.parent)
    assert stranger.exists()
    assert not halted.checkpoint.exists()
    assert not open_run(halted.folder).has_checkpoint


@pytest.mark.parametrize("name", ["run.json", "experiment.yaml", "trace.nc", "weights.safetensors"])
def test_a_link_in_a_run_is_not_read(fresh, tmp_path, name):
    (fresh.folder / name).rename(tmp_path / name)
    (fresh.folder / name).symlink_to(tmp_path / name)
    run = open_run(fresh.folder)
    with pytest.raises(CannotFinish, match=rf"{name}: is a symbolic link"):
        _ = run.experiment, run.trace, run.weights()


@pytest.mark.parametrize("name", ["run.json", "experiment.yaml", "trace.nc", "log.jsonl"])
def test_what_was_moved_and_linked_to_is_never_pruned(fresh, tmp_path, name):
    (fresh.folder / name).rename(tmp_path / name)
    (fresh.folder / name).symlink_to(tmp_path / name)
    (problem,) = [one for one in check_run(fresh.folder) if one.where.name == name]
    assert (problem.kind, problem.remedy) == ("unreadable", "copy the file back")
    assert plan(fresh.folder.parent, {"damaged", "unfinished"}) == []


@pytest.mark.parametrize("function", ["weights_in", "_foreign"])
def test_a_run_is_not_pruned_because_of_a_bug_of_ours(fresh, monkeypatch, function):
    def faulty(*arguments):
        raise TypeError("a bug")

    monkeypatch.setattr(f"retrodict.runs._check.{function}", faulty)
    with pytest.raises(TypeError):
        plan(fresh.folder.parent, {"damaged"})


def test_a_run_is_not_pruned_because_its_weights_were_moved_away(fresh):
    (fresh.folder / "weights.safetensors").unlink()
    assert kinds(fresh.folder) == {"weights.safetensors": "damaged"}
    assert plan(fresh.folder.parent, {"damaged"}) == []
    (fresh.folder / "trace.nc").unlink()
    assert [victim.path for victim in plan(fresh.folder.parent, {"damaged"})] == [fresh.folder]


def test_a_linked_checkpoint_is_not_resumed(halted, tmp_path, answer):
    halted.checkpoint.rename(tmp_path / "c")
    halted.checkpoint.symlink_to(tmp_path / "c")
    with pytest.raises(CannotFinish, match=r"checkpoint\.safetensors: is a symbolic link"):
        answer(halted.experiment, halted.folder.parent)


def test_nothing_is_written_through_a_link(old, tmp_path):
    treasure = tmp_path / "treasure"
    treasure.write_text("mine")
    log = old.folder / "log.jsonl"
    log.unlink()
    log.symlink_to(treasure)
    old.log("looked")
    assert old.events() == []
    (old.folder / f".run.json.{os.getpid()}.tmp").symlink_to(treasure)
    atomic_text(old.folder / "run.json", "{}")
    assert treasure.read_text() == "mine"
    assert (old.folder / "run.json").read_text() == "{}"


def test_a_name_is_on_disk_before_writing_returns(tmp_path, monkeypatch):
    synced: list[bool] = []
    plain = os.fsync

    def fsync(descriptor: int) -> None:
        synced.append(os.path.isdir(f"/proc/self/fd/{descriptor}"))
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    atomic_text(tmp_path / "a", "text")
    assert synced == [False, True]  # the file before its name, the folder after


def test_a_read_only_store_is_read(old, halted, read_only, content, at_home):
    root = old.folder.parent
    at_home(old)
    (halted.folder / ".lock").unlink()
    before = content(root)
    read_only(root)
    assert [listed(folder).status for folder in folders(root)] == ["finished", "interrupted"]
    assert [p.kind for folder in folders(root) for p in check_run(folder)] == ["older", "older"]
    assert Run(halted.folder).status == "interrupted"
    assert old.trace.nll.size
    assert old.differences() == []
    assert len(plan(root, {"unfinished", "weights", "leftovers"})) == 2
    with pytest.raises(CannotFinish, match="cannot be written to: Read-only"):
        prune(root, {"unfinished"})
    assert content(root) == before


@pytest.mark.slow
def test_no_flipped_or_lost_byte_of_a_small_file_is_a_crash(fresh, halted):
    """Damage of any kind is reported in one line."""
    rng = random.Random(0)
    for run, names in (
        (fresh, ("run.json", "environment.json", "experiment.yaml", "log.jsonl")),
        (halted, ("run.json", "environment.json", "checkpoint.safetensors")),
    ):
        (run.folder / "trace.nc").unlink(missing_ok=True)
        for name in names:
            path = run.folder / name
            data = path.read_bytes()
            for _ in range(150):
                at, end = rng.randrange(min(len(data), 4000)), rng.choice([len(data), None])
                broken = data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))])
                path.write_bytes(broken + data[at + 1 : end] if end else broken)
                assert listed(run.folder).name == run.folder.name
                assert check_run(run.folder)
                with contextlib.suppress(CannotFinish):
                    opened = open_run(run.folder)
                    _ = opened.status, opened.experiment, opened.made_by, opened.events()
                    opened.differences()
            path.write_bytes(data)

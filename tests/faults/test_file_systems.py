"""File systems as they are: what they refuse ends nothing; what cannot be read is not damaged."""

from __future__ import annotations

import builtins
import errno
import io
import os
import stat
import sys

import h5py
import numpy as np
import pytest
from safetensors.numpy import load_file

from retrodict import CannotFinish, Experiment
from retrodict.cli._exit import run_cli
from retrodict.errors import Unreadable
from retrodict.files import atomic, atomic_text
from retrodict.files.tensors import save_file
from retrodict.runs import Run, Store, check_run, folders, listed, plan
from retrodict.runs._results import _most_bytes_of_weights
from retrodict.training import Trainer

pytestmark = pytest.mark.seconds

ALL = {"leftovers", "unfinished", "outdated", "damaged"}
FILES = ["trace.nc", "weights.safetensors", "run.json", "environment.json", "experiment.yaml"]
REASONS = [errno.EACCES, errno.EIO, errno.ESTALE, errno.ENOLCK, errno.EAGAIN, errno.ENOMEM]


@pytest.fixture
def refuse(monkeypatch):
    """Refuse to open a file, or to look at it at all, as a file system does; root gets no other."""

    def refusing(refused, number: int, *names: str) -> None:
        def guarded(plain):
            def call(path, *rest, **more):
                if not isinstance(path, int) and os.fspath(path) == os.fspath(refused):
                    raise OSError(number, os.strerror(number), str(path))
                return plain(path, *rest, **more)

            return call

        guarded_open = guarded(builtins.open)
        for owner, name in ((builtins, "open"), (io, "open"), (os, "open")):
            plain = guarded_open if name == "open" and owner is not os else guarded(os.open)
            monkeypatch.setattr(owner, name, plain)
        for name in names:
            monkeypatch.setattr(os, name, guarded(getattr(os, name)))

    return refusing


@pytest.mark.parametrize(("name", "number"), list(zip(FILES, REASONS, strict=False)))
def test_a_file_that_cannot_be_read_now_is_not_called_damaged(fresh, refuse, name, number):
    refuse(fresh.folder / name, number)
    (problem,) = check_run(fresh.folder)
    assert (problem.where.name, problem.kind) == (name, "unreadable")
    assert os.strerror(number) in problem.what
    assert plan(fresh.folder.parent, ALL) == []
    run = Run(fresh.folder)
    with pytest.raises(Unreadable, match=rf"{name}: cannot be read now: ") as error:
        _ = run.experiment, run.made_by, run.trace, run.weights()
    assert "damaged" not in str(error.value)
    assert listed(fresh.folder).status in ("finished", "unreadable")


@pytest.mark.parametrize("number", REASONS[:2], ids=errno.errorcode.get)
def test_a_checkpoint_that_cannot_be_read_now_is_neither_damaged_nor_lost(
    halted, refuse, answer, content, number
):
    before = content(halted.folder)["checkpoint.safetensors"]
    experiment = halted.experiment
    with pytest.MonkeyPatch.context():
        refuse(halted.checkpoint, number)
        found = [problem for problem in check_run(halted.folder) if problem.kind != "older"]
        assert [problem.kind for problem in found] == ["unreadable"]
        with pytest.raises(Unreadable, match=r"checkpoint\.safetensors: cannot be read now"):
            answer(experiment, halted.folder.parent)
    assert os.path.getsize(halted.checkpoint) == len(before)


def test_a_folder_that_cannot_be_listed_is_not_overwritten(fresh, refuse, answer, content):
    """Taken for empty, it would be written over."""
    experiment, root, before = fresh.experiment, fresh.folder.parent, content(fresh.folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "lstat", _stale(os.lstat, fresh.folder))
        patch.setattr(os, "listdir", _stale(os.listdir, fresh.folder))
        with pytest.raises(Unreadable, match="Stale file handle"):
            answer(experiment, root)
        assert listed(fresh.folder).status == "unreadable"
        assert [problem.kind for problem in check_run(fresh.folder)] == ["unreadable"]
        assert plan(root, ALL) == []
        assert [run.folder for run in Store(root).runs()] == [fresh.folder]
    assert content(fresh.folder) == before


def _stale(plain, below):
    def call(path, *rest, **more):
        if str(path).startswith(str(below)):
            raise OSError(errno.ESTALE, os.strerror(errno.ESTALE), str(path))
        return plain(path, *rest, **more)

    return call


def test_an_unreadable_entry_hides_no_other(fresh, monkeypatch):
    root = fresh.folder.parent
    (root / "lost").symlink_to("lost/lost")
    (root / "loop").symlink_to("loop")
    assert {folder.name for folder in folders(root)} >= {fresh.folder.name}
    assert listed(fresh.folder).status == "finished"


def test_a_trace_that_a_viewer_has_open_can_be_read(fresh, command):
    before = fresh.trace
    with h5py.File(fresh.folder / "trace.nc", "r+") as file:
        assert check_run(fresh.folder) == []
        assert Run(fresh.folder).trace.identical(before)
        assert plan(fresh.folder.parent, ALL) == []
        file.attrs["mine"] = 1
        file.flush()
        (problem,) = check_run(fresh.folder)
        assert problem.kind == "unreadable"
        assert "has it open for writing" in problem.what
        assert plan(fresh.folder.parent, ALL) == []
        code, _, err = command("show", fresh.folder)
        assert (code, err.count("\n")) == (3, 1)
    assert [problem.kind for problem in check_run(fresh.folder)] == ["damaged"]  # it was altered


def test_a_missing_library_is_no_damage(fresh, monkeypatch):
    monkeypatch.setattr("h5py.h5z.filter_avail", lambda number: False)
    (problem,) = check_run(fresh.folder)
    assert problem.kind == "unreadable"
    assert "without zlib" in problem.what


@pytest.fixture
def umask():
    before = os.umask(0o002)
    yield
    os.umask(before)


def test_files_have_the_rights_of_any_new_file_though_chmod_is_refused(
    umask, monkeypatch, tiny_yaml, tmp_path
):
    def refused(*_, **__):
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "chmod", refused)
    monkeypatch.setattr(os, "fchmod", refused)
    store = tmp_path / "store"
    one = ("--set", "training.epochs=1", "--set", "training.threads=1")
    assert run_cli(["run", str(tiny_yaml), *one, "--out", str(store)]) == 0
    (run,) = Store(store).runs()
    run_cli(["compare", str(run.folder), "--plot", str(store / "plot.png")])
    run_cli(["runs", "export", "--out", str(store), "--to", str(store / "tables")])
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in _files(store)}
    assert modes.keys() >= {"trace.nc", "weights.safetensors", "log.jsonl", ".lock", "plot.png"}
    assert {name: oct(mode) for name, mode in modes.items() if mode != 0o664} == {}


def _files(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EBADF, errno.ENOSYS, errno.EPERM])
def test_a_refused_fsync_is_no_failure(tmp_path, monkeypatch, number):
    def refused(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refused)
    atomic_text(tmp_path / "a", "text")
    assert (tmp_path / "a").read_text() == "text"


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
def test_a_failing_fsync_is_a_failure(tmp_path, monkeypatch, number):
    def lost(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", lost)
    (tmp_path / "a").write_text("before")
    with pytest.raises(CannotFinish, match="what was written before is kept"):
        atomic_text(tmp_path / "a", "text")
    assert [path.read_text() for path in tmp_path.iterdir()] == ["before"]


def test_fsync_is_given_what_is_open_for_writing(tmp_path, monkeypatch):
    """Windows and some mounts refuse any other."""
    fcntl = pytest.importorskip("fcntl")
    flags = []
    monkeypatch.setattr(os, "fsync", lambda fd: flags.append(fcntl.fcntl(fd, fcntl.F_GETFL)))
    atomic_text(tmp_path / "a", "text")
    assert flags[0] & os.O_RDWR


@pytest.mark.parametrize("times", [2, None])
def test_replacing_a_file_that_is_open_elsewhere_is_tried_again(tmp_path, monkeypatch, times):
    """Windows refuses to rename over one that a virus scanner or a viewer has open."""
    plain, tries = os.replace, []
    monkeypatch.setattr("retrodict.files._atomic._PATIENCE_SECONDS", 0.2)

    def replace(source, target):
        tries.append(source)
        if times is None or len(tries) <= times:
            raise OSError(errno.EBUSY, "it is in use")
        plain(source, target)

    monkeypatch.setattr(os, "replace", replace)
    if times:
        atomic_text(tmp_path / "a", "text")
        assert [path.name for path in tmp_path.iterdir()] == ["a"]
        return
    with pytest.raises(CannotFinish, match="does another program have it open"):
        atomic_text(tmp_path / "a", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="there it says that a file is in use")
@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_a_missing_permission_is_reported_at_once(tmp_path, monkeypatch, number):
    tries = []

    def replace(source, target):
        tries.append(source)
        raise PermissionError(number, "Permission denied")

    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(CannotFinish, match=r"cannot be written: Permission denied; what was"):
        atomic_text(tmp_path / "a", "text")
    assert len(tries) == 1


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), atomic(tmp_path / "a"):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_safetensors_reads_what_we_write(tmp_path):
    arrays = {
        "b": np.arange(6, dtype=np.float32).reshape(2, 3),
        "a": np.array(3.5),
        "none": np.zeros((2, 0), np.float32),
        "whole": np.arange(3),
    }
    save_file(arrays, tmp_path / "x", {"format": "1"})
    found = load_file(tmp_path / "x")
    assert found.keys() == arrays.keys()
    assert all(np.array_equal(found[name], arrays[name]) for name in arrays)


OBJECTIVES = {
    "next_token": "causal",
    "permuted": "causal",
    "bico": "causal",
    "masked": "bidirectional",
    "diffusion": "bidirectional",
}


@pytest.mark.parametrize(("kind", "attention"), list(OBJECTIVES.items()))
def test_the_weights_of_a_sound_run_are_never_too_large(kind, attention):
    """The inputs of some objectives are longer than the sentences, and so are position tables."""
    model = f"{{n_layer: 1, n_head: 1, d_model: 8, attention: {attention}}}"
    experiment = Experiment.from_text(
        f"{{task: {{kind: reversal, vocab_size: 8}}, model: {model}, objective: {{kind: {kind}}}, "
        "training: {learners: 2, precision: float64, threads: 1}}"
    ).placed()
    population = Trainer(experiment).population
    real = sum(w.numel() * w.element_size() for w in population.parameters())
    assert _most_bytes_of_weights(experiment) == real  # beside the head

"""A manipulated trace reads no other file, fills no memory, and is refused."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from retrodict import CannotFinish, Experiment, Trace
from retrodict.errors import Unreadable
from retrodict.runs import Run, Store, check_run, plan
from retrodict.training import train

pytestmark = pytest.mark.seconds

TINY = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
training: {epochs: 2, batch_size: 4, learners: 2, threads: 1}
record: {weights_at: [0, 2]}
"""


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> Path:
    store = Store(tmp_path_factory.mktemp("store"))
    experiment = Experiment.from_text(TINY).placed()
    run = store.prepare(experiment)
    run.begin(experiment)
    outcome = train(experiment)
    run.finish(outcome.trace, outcome.weights)
    return run.folder


@pytest.fixture
def run(template, tmp_path) -> Run:
    return Run(Path(shutil.copytree(template, tmp_path / template.name)))


@pytest.fixture
def unread(monkeypatch):
    """Reading it would be too late."""

    def never(*args, **kwargs):
        raise AssertionError("was read")

    monkeypatch.setattr("retrodict.trace._trace.xr.load_dataset", never)


def test_an_error_without_a_message_is_an_error(run, monkeypatch):
    def wrong(*arguments):
        raise ValueError

    monkeypatch.setattr("retrodict.runs._results.Trace.of", lambda *arguments: None)
    monkeypatch.setattr("retrodict.runs._results.misfit", wrong)
    with pytest.raises(CannotFinish, match="damaged: ValueError"):
        _ = Run(run.folder).trace


def signed(run: Run) -> None:
    """Write checksums that fit, as its author can."""
    path = run.folder / "run.json"
    state = json.loads(path.read_text(encoding="utf-8"))
    for name in state["sha256"]:
        content = (run.folder / name).read_bytes()
        state["sha256"][name] = hashlib.sha256(content).hexdigest()
    path.write_text(json.dumps(state), encoding="utf-8")


def refusal(run: Run) -> str:
    signed(run)
    with pytest.raises(CannotFinish) as error:
        _ = Run(run.folder).trace
    assert "\n" not in str(error.value)
    assert "trace.nc: damaged" in str(error.value)
    return str(error.value)


def external_link(file, secret):
    del file["nll"]
    file["nll"] = h5py.ExternalLink(str(secret), "/secret")


def soft_link(file, secret):
    del file["nll"]
    file["nll"] = h5py.SoftLink("/effective_weights/validation/entity_only")


def external_storage(file, secret):
    file.create_dataset("x", (4,), "u1", external=[(str(secret), 0, 4)])


def virtual(file, secret):
    layout = h5py.VirtualLayout(shape=(4,), dtype="f8")
    layout[:] = h5py.VirtualSource(str(secret), "secret", shape=(4,))
    file.create_virtual_dataset("x", layout)


def cycle(file, secret):
    file["effective_weights/validation/again"] = file["effective_weights"]


def objects(file, secret):
    file.create_dataset("x", (3,), h5py.ref_dtype)


def compound(file, secret):
    file.create_dataset("x", (3,), [("a", "f8"), ("b", "i4")])


def named_type(file, secret):
    file["x"] = np.dtype("f8")


def unwritten(file, secret):
    file.create_dataset("x", (2**40,), "f8", fillvalue=1.0, chunks=(2**20,))


def bomb(file, secret):
    chunks = {"chunks": (2**17,), "compression": "gzip"}
    file.create_dataset("x", (2**40,), "f8", **chunks)[: 2**17] = 0


def other_filter(file, secret):
    file.create_dataset("x", (8,), "f8", chunks=(8,), compression="lzf")


def crowd(file, secret):
    for i in range(1001):
        file[f"x{i}"] = 0.0


def long_text(file, secret):
    file.create_dataset("x", data=["x" * 2000], dtype=h5py.string_dtype())


def long_attribute(file, secret):
    file["nll"].attrs.create("x", np.zeros(5000), dtype="f8")


NEVER_READ = [external_link, soft_link, external_storage, virtual, cycle, objects, compound]
NEVER_READ += [named_type, unwritten, bomb, other_filter, crowd, long_text, long_attribute]


@pytest.mark.parametrize("spoil", NEVER_READ, ids=lambda spoil: spoil.__name__)
def test_it_is_refused_before_it_is_read(run, unread, tmp_path, spoil):
    secret = tmp_path / "secret.h5"
    with h5py.File(secret, "w") as file:
        file["secret"] = np.arange(4.0)
    with h5py.File(run.folder / "trace.nc", "a") as file:
        spoil(file, secret)
    refusal(run)


def test_other_files_under_its_name_are_refused(run, unread, tmp_path):
    path = run.folder / "trace.nc"
    for content in (b"", pickle.dumps(object), b"\x89HDF\r\n\x1a\n" + b"\xff" * 500):
        path.write_bytes(content)
        refusal(run)


def test_links_pipes_and_folders_are_refused(run, unread, tmp_path):
    path = run.folder / "trace.nc"
    path.rename(tmp_path / "elsewhere.nc")
    path.symlink_to(tmp_path / "elsewhere.nc")
    with pytest.raises(Unreadable, match="is a symbolic link"):
        _ = Run(run.folder).trace
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match="it is not a regular file"):
        Trace.load(path)
    with pytest.raises(CannotFinish, match="it is not a regular file"):
        _ = Run(run.folder).trace


def without(name):
    def spoil(file):
        del file[name]

    return spoil


def changed(name, value):
    def spoil(file):
        file[name][...] = value

    return spoil


def attribute(name, value):
    def spoil(file):
        file.attrs[name] = value

    return spoil


def retyped(file):
    file["nll"].attrs["units"] = "seconds since 1970-01-01"


def retitled(file):
    file["effective_weights/validation"].attrs["title"] = r"$\frac$"


MISFITS = {
    "no nll": without("nll"),
    "no epochs": without("epoch"),
    "no weights": without("effective_weights/validation/entity_only"),
    "no panels": without("effective_weights"),
    "other epochs": changed("epoch", [0, 1, 9]),
    "other seeds": changed("seed", [5, 6]),
    "other groups": changed("group", ["[red]", "<b>", "c", "d"]),
    "ended never": changed("diverged_at", np.inf),
    "ended between": changed("diverged_at", 0.5),
    "other panels": attribute("panels", "../../etc"),
    "no text": attribute("panels", 3),
    "other vocabulary": attribute("uniform_nll", "many"),
    "other experiment": attribute("experiment", "task: {kind: chain, vocab_size: 1000000}"),
    "no experiment": attribute("experiment", "["),
    "a date": retyped,
    "a formula": retitled,
}


@pytest.mark.parametrize("spoil", MISFITS.values(), ids=MISFITS.keys())
def test_a_trace_that_its_experiment_cannot_have_given_is_refused(run, spoil):
    with h5py.File(run.folder / "trace.nc", "a") as file:
        spoil(file)
    refusal(run)


@pytest.mark.parametrize("fails", ["h5py.File", "retrodict.trace._trace.xr.load_dataset"])
def test_a_trace_that_the_library_cannot_read_is_not_called_damaged(run, monkeypatch, fails):
    def refuses(*_, **__):
        raise ValueError("did not find a match in any of xarray's IO backends\nmore of it")

    monkeypatch.setattr(fails, refuses)
    with pytest.raises(Unreadable, match=r"trace\.nc: cannot be read on this machine: .*ends$"):
        _ = Run(run.folder).trace
    assert [problem.kind for problem in check_run(run.folder)] == ["unreadable"]
    assert plan(run.folder.parent, {"damaged"}) == []


def test_impossible_weights_are_refused(run):
    path = run.folder / "weights.safetensors"
    assert run.weights()
    for content in (b"", pickle.dumps(object), path.read_bytes() + bytes(1)):
        path.write_bytes(content)
        signed(run)
        with pytest.raises(CannotFinish, match=r"weights.safetensors: damaged"):
            Run(run.folder).weights()
    path.unlink()
    path.symlink_to("/etc/passwd")
    with pytest.raises(CannotFinish, match="symbolic link"):
        Run(run.folder).weights()


def test_weights_larger_than_those_of_its_experiment_are_refused(run):
    save_file(
        {"weights": torch.zeros(2**23, dtype=torch.uint8)}, run.folder / "weights.safetensors"
    )
    signed(run)
    with pytest.raises(CannotFinish, match=r"safetensors: damaged: it is larger than its tensors;"):
        Run(run.folder).weights()


@pytest.mark.parametrize("name", ["show", "compare"])
def test_commands_say_so_in_a_line(run, command, name):
    with h5py.File(run.folder / "trace.nc", "a") as file:
        external_link(file, "/etc/passwd")
    signed(run)
    code, out, err = command(name, run.folder)
    assert (code, err.count("\n")) == (3, 1)
    assert "passwd" not in out

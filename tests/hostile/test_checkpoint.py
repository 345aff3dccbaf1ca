"""A manipulated checkpoint runs no code, reads no other file, fills no memory, and is refused."""

from __future__ import annotations

import json
import os
import pickle
import struct
import zipfile

import pytest
import torch
from safetensors.torch import save_file

from retrodict import CannotFinish, Experiment
from retrodict.files.tensors import checksums
from retrodict.training import Trainer
from retrodict.training._checkpoint import Checkpoint


class Bomb:
    """Pickled, it would write a file."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (os.mkdir, (str(self.path),))


TINY = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
training: {epochs: 6, batch_size: 4, learners: 3, threads: 1}
record: {every: 2, weights_at: [0, 6]}
"""


@pytest.fixture(scope="module")
def trainer():
    return Trainer(Experiment.from_text(TINY).placed())


@pytest.fixture
def write(tmp_path, trainer):
    """Write a checkpoint of epoch 2 with changes and right checksums; None leaves a tensor out."""
    path = tmp_path / "checkpoint.safetensors"

    def written(tensors=None, **metadata):
        good = trainer.checkpoint(2)
        found = {k: t.clone().contiguous() for k, t in good.tensors.items()} | (tensors or {})
        found = {name: tensor for name, tensor in found.items() if tensor is not None}
        facts = {"format": "1", "epoch": "2", "digest": good.digest}
        facts |= checksums({name: bytes_of(tensor) for name, tensor in found.items()})
        save_file(found, path, metadata=facts | metadata)
        return path

    return written


def bytes_of(tensor):
    flat = tensor.reshape(-1)
    return (flat.view(torch.uint8) if flat.numel() else flat.to(torch.uint8)).numpy()


def refusal(trainer, path) -> str:
    before = path.lstat()[:7]  # all but times
    with pytest.raises(CannotFinish) as error:
        trainer.resume(path)
    assert path.lstat()[:7] == before
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_sound_checkpoint_is_resumed(trainer, write):
    assert trainer.resume(write()) == 2


@pytest.mark.parametrize(
    "metadata",
    [
        {"epoch": "-1"},
        {"epoch": "7"},  # of 6
        {"epoch": "1e9"},
        {"epoch": "nan"},
        {"epoch": "9" * 5000},
        {"crc32": "[]"},
        {"crc32": "3"},
        {"crc32": "[1, 2]"},
        {"crc32": "{"},
        {"crc32": "[" * 100_000},
        {"crc32": json.dumps({"flat": 0})},
        {"crc32": json.dumps({"flat": 10**400})},
        {"format": "2"},
        {"digest": "../../x"},
    ],
    ids=lambda metadata: f"{metadata}"[:30],
)
def test_impossible_metadata_is_refused(trainer, write, metadata):
    assert "cannot resume from it" in refusal(trainer, write(**metadata))


@pytest.mark.parametrize(
    ("tensors", "says"),
    [
        ({"flat": None}, "flat is missing"),
        ({"record/nll": None}, "record/nll is missing"),
        ({"optimizer/x": torch.zeros(1)}, "optimizer/x is unknown"),
        ({"../../outside": torch.zeros(1)}, "outside is unknown"),
        ({"/etc/passwd": torch.zeros(1)}, "/etc/passwd is unknown"),
        ({"record/../flat": torch.zeros(1)}, "is unknown"),
        ({"flat": torch.zeros(3, 1)}, "flat has another type or shape"),
        ({"flat": torch.zeros(0)}, "flat has another type or shape"),
        ({"record/diverged_at": torch.zeros(3)}, "diverged_at has another type"),
        ({"record/diverged_at": torch.tensor([torch.inf] * 3).double()}, "that does not exist"),
        ({"record/diverged_at": torch.tensor([0.5] * 3).double()}, "that does not exist"),
    ],
)
def test_other_tensors_are_refused(trainer, write, tensors, says):
    assert says in refusal(trainer, write(tensors))


@pytest.mark.parametrize("precision", ["float64", "bfloat16"])
def test_another_type_with_right_checksums_is_refused(trainer, write, precision):
    flat = trainer.population.flat.detach()
    given = flat.to(getattr(torch, precision))
    assert "flat has another type" in refusal(trainer, write({"flat": given.clone()}))


def raw(path, header: dict[str, object], size: int = 0) -> None:
    """Write a header, and as many bytes after it as a sparse file has."""
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + size)


def test_an_enormous_tensor_is_refused_before_it_is_read(trainer, write, tmp_path):
    """A sparse file of a terabyte takes no room on the disk; in memory it would."""
    good = trainer.checkpoint(2)
    size, path = 2**40, tmp_path / "checkpoint.safetensors"
    facts = {"format": "1", "epoch": "2", "digest": good.digest, "crc32": "{}"}
    header: dict[str, object] = {"__metadata__": facts}
    for name in good.tensors:
        if name != "flat":
            header[name] = {"dtype": "F64", "shape": [0], "data_offsets": [0, 0]}
    header["flat"] = {"dtype": "F32", "shape": [size // 4], "data_offsets": [0, size]}
    try:
        raw(path, header, size)
    except OSError:
        pytest.skip("this file system has no sparse files of that size")
    assert "larger than its tensors" in refusal(trainer, path)
    raw(path, header, 16)
    refusal(trainer, path)
    with pytest.raises(CannotFinish):  # without being told what to expect
        Checkpoint.load(path, good.digest)


@pytest.mark.parametrize(
    "header",
    [
        {"flat": {"dtype": "F32", "shape": [4], "data_offsets": [0, 10**18]}},
        {"flat": {"dtype": "F32", "shape": [4], "data_offsets": [16, 0]}},
        {"flat": {"dtype": "F32", "shape": [10**18, 10**18], "data_offsets": [0, 16]}},
        {"flat": {"dtype": "F32", "shape": [-4], "data_offsets": [0, 16]}},
        {"flat": {"dtype": "PYTHON", "shape": [4], "data_offsets": [0, 16]}},
        {
            "a": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
            "b": {"dtype": "F32", "shape": [4], "data_offsets": [0, 16]},
        },
        {"__metadata__": {"epoch": 3}},
        {"__metadata__": []},
    ],
)
def test_false_headers_are_refused(trainer, tmp_path, header):
    path = tmp_path / "checkpoint.safetensors"
    raw(path, header, 16)
    refusal(trainer, path)


def test_other_files_under_its_name_are_refused_and_not_run(trainer, tmp_path):
    path, mark = tmp_path / "checkpoint.safetensors", tmp_path / "was-run"
    for content in (pickle.dumps(Bomb(mark)), b"", b"\xff" * 100, struct.pack("<Q", 2**62)):
        path.write_bytes(content)
        refusal(trainer, path)
    torch.save({"flat": Bomb(mark)}, path)
    refusal(trainer, path)
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("../../outside", b"x")
    refusal(trainer, path)
    assert not mark.exists()


def test_links_pipes_and_folders_are_refused_and_kept(trainer, write, tmp_path):
    good = write().rename(tmp_path / "elsewhere")
    path = tmp_path / "checkpoint.safetensors"
    for target in (good, tmp_path / "nowhere"):
        path.symlink_to(target)
        assert "symbolic link" in refusal(trainer, path)
        path.unlink()
    os.mkfifo(path)
    assert "it is not a regular file" in refusal(trainer, path)
    path.unlink()
    path.mkdir()
    assert "it is not a regular file" in refusal(trainer, path)


def test_a_command_refuses_it_with_exit_code_3_and_keeps_the_file(
    tiny, tiny_yaml, begin, refused, tmp_path
):
    run = begin(tiny.placed(), tmp_path / "runs", stopped=True)
    run.checkpoint.rename(tmp_path / "kept")
    run.checkpoint.symlink_to(tmp_path / "kept")
    said = refused("run", tiny_yaml, "--out", tmp_path / "runs", code=3)
    assert "checkpoint.safetensors: is a symbolic link" in said
    assert run.checkpoint.is_symlink()

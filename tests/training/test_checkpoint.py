"""Checkpoints that cannot be trusted are refused in words."""

from __future__ import annotations

import errno

import pytest
import torch
from safetensors.torch import save_file

from retrodict import CannotFinish
from retrodict.training._checkpoint import Checkpoint


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "checkpoint.safetensors"
    tensors = {"flat": torch.arange(1000.0).view(2, 500), "record/empty": torch.zeros(2, 0)}
    Checkpoint(7, "abc", tensors).save(path)
    return path


def test_a_checkpoint_comes_back(path):
    saved = Checkpoint.load(path, "abc")
    assert saved.epoch == 7
    assert torch.equal(saved.tensors["flat"], torch.arange(1000.0).view(2, 500))
    assert saved.tensors["record/empty"].shape == (2, 0)


def test_a_flipped_bit_is_found(path):
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.write_bytes(content)
    with pytest.raises(CannotFinish, match="fails its checksum"):
        Checkpoint.load(path, "abc")


@pytest.mark.parametrize("kept", [0, 10, 2000])
def test_a_truncated_checkpoint_is_found(path, kept):
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(CannotFinish, match="damaged"):
        Checkpoint.load(path, "abc")


def test_a_checkpoint_of_another_experiment_is_refused(path):
    with pytest.raises(CannotFinish, match="another experiment"):
        Checkpoint.load(path, "abd")


def test_a_checkpoint_of_another_version_is_refused(path):
    save_file({"flat": torch.zeros(1)}, path, metadata={"format": "0", "digest": "abc"})
    with pytest.raises(CannotFinish, match="format is 0"):
        Checkpoint.load(path, "abc")


def test_a_full_disk_leaves_the_checkpoint_before(path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("retrodict.training._checkpoint.save_file", full)
    with pytest.raises(CannotFinish, match="the disk is full"):
        Checkpoint(8, "abc", {"flat": torch.zeros(1)}).save(path)
    assert Checkpoint.load(path, "abc").epoch == 7
    assert [p.name for p in path.parent.iterdir()] == [path.name]

"""A checkpoint: weights, optimiser state and everything recorded so far, in one safetensors file.

One file, renamed into place, so that the parts always belong together. Random streams need no
state (see `retrodict.seeds`). Every tensor carries a CRC-32, so that a flipped bit is found.
"""

from __future__ import annotations

import errno
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from retrodict._atomic import atomic
from retrodict.errors import CannotFinish

FORMAT = 1
"""Version of the layout of a checkpoint."""


@dataclass(frozen=True)
class Checkpoint:
    """The state of a population after some epoch.

    Attributes:
        epoch: passes done.
        digest: hash of the experiment it belongs to.
        tensors: `flat`, `optimizer/…` with a leading learner axis, `record/…`.
    """

    epoch: int
    digest: str
    tensors: Mapping[str, Tensor]

    def save(self, path: Path) -> None:
        """Write the checkpoint over the one before.

        Raises:
            CannotFinish: it cannot be written; the one before is kept.
        """
        tensors = {name: t.detach().cpu().contiguous() for name, t in self.tensors.items()}
        metadata = {
            "format": str(FORMAT),
            "epoch": str(self.epoch),
            "digest": self.digest,
            "crc32": json.dumps({name: _crc(tensor) for name, tensor in tensors.items()}),
        }
        with atomic(path) as temporary:
            try:
                save_file(tensors, temporary, metadata=metadata)
            except SafetensorError as error:  # wraps the operating system's error in words
                raise _as_os_error(error) from error

    @classmethod
    def load(cls, path: Path, digest: str) -> Checkpoint:
        """Read a checkpoint back.

        Raises:
            CannotFinish: it is damaged, of another version, or of another experiment.
        """
        try:
            with safe_open(path, framework="pt") as file:
                metadata = file.metadata() or {}
                if metadata.get("format") != str(FORMAT):
                    found = metadata.get("format", "none")
                    raise _unusable(path, f"its format is {found}, this version reads {FORMAT}")
                if metadata.get("digest") != digest:
                    raise _unusable(path, "it belongs to another experiment")
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
            checksums = json.loads(metadata["crc32"])
            epoch = int(metadata["epoch"])
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise _unusable(path, "it is damaged") from error
        for name, tensor in tensors.items():
            if checksums.get(name) != _crc(tensor):
                raise _unusable(path, f"it is damaged: {name} fails its checksum")
        return cls(epoch, digest, tensors)


def _unusable(path: Path, why: str) -> CannotFinish:
    return CannotFinish(f"{path}: cannot resume from it: {why}; move it away to start anew")


def _as_os_error(error: SafetensorError) -> OSError:
    text = str(error)
    return OSError(errno.ENOSPC if "No space left" in text else errno.EIO, text)


def _crc(tensor: Tensor) -> int:
    flat = tensor.reshape(-1).view(torch.uint8) if tensor.numel() else tensor
    return zlib.crc32(np.ascontiguousarray(flat.numpy()).data)

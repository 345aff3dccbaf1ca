"""A checkpoint: weights, optimiser state and everything recorded so far, in one safetensors file.

One file, renamed into place, so that the parts always belong together. Random streams need no
state (see `retrodict.seeds`). Every tensor carries a CRC-32, so that a flipped bit is found.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from retrodict.errors import CannotFinish
from retrodict.files import atomic, require_plain_file, unreadable
from retrodict.files.tensors import Tensors, read_arrays, save_file

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
            save_file({name: t.numpy() for name, t in tensors.items()}, temporary, metadata)

    @classmethod
    def load(
        cls,
        path: Path,
        digest: str,
        like: Checkpoint | None = None,
        also: Callable[[str], bool] = lambda digest: False,
    ) -> Checkpoint:
        """Read a checkpoint back; nothing that it declares is believed before it is compared.

        Args:
            path: the file.
            digest: hash of the experiment it should belong to.
            like: the last checkpoint its experiment can have: what tensors there are, of which
                types and shapes, and which epoch is the last. None takes what is there.
            also: whether another hash is of that experiment, too.

        Raises:
            CannotFinish: it is damaged, of another version, or of another experiment.
            Unreadable: it cannot be read; it is not damaged as far as is known.
        """
        try:
            require_plain_file(path)
            if like is not None:
                _require_size(path, like)
            found = Tensors.of(path)
            metadata = found.metadata
            if metadata.get("format") != str(FORMAT):
                said = metadata.get("format", "none")
                raise unusable(path, f"its format is {said}, this version reads {FORMAT}")
            if metadata.get("digest") != digest and not also(metadata.get("digest", "")):
                raise unusable(path, "it belongs to another experiment")
            if like is not None:
                _require_alike(path, found, like)
            tensors = {n: torch.from_numpy(a) for n, a in read_arrays(path, found).items()}
            checksums = dict(json.loads(metadata["crc32"]))
            epoch = int(metadata["epoch"])
        except CannotFinish:
            raise
        except (OSError, MemoryError) as error:
            raise unreadable(path, error) from error
        except (KeyError, RuntimeError, TypeError) as error:
            raise unusable(path, "it is damaged") from error
        except ValueError as error:
            raise unusable(path, f"it is damaged: {error}") from error
        if not 0 <= epoch <= (like.epoch if like else epoch):
            raise unusable(path, f"it is damaged: it says epoch {metadata['epoch']:.20}")
        for name, tensor in tensors.items():
            if checksums.get(name) != _crc(tensor):
                raise unusable(path, f"it is damaged: {name} fails its checksum")
        return cls(epoch, digest, tensors)


def _require_size(path: Path, like: Checkpoint) -> None:
    """Refuse a file that is larger than it can be before it is mapped into memory."""
    most = sum(tensor.nbytes for tensor in like.tensors.values()) + _LARGEST_HEADER
    if path.stat().st_size > most:
        raise unusable(path, "it is damaged: it is larger than its tensors")


def _require_alike(path: Path, found: Tensors, like: Checkpoint) -> None:
    """Compare what a file declares with what it should hold, before any of it is read."""
    names = found.places.keys()
    if names != like.tensors.keys():
        odd = min(names ^ like.tensors.keys())
        word = "unknown" if odd in names else "missing"
        raise unusable(path, f"it is damaged: {odd:.60} is {word}")
    for name, tensor in like.tensors.items():
        declared = found.places[name]
        if (declared.type, declared.shape) != (_TYPES.get(tensor.dtype), tuple(tensor.shape)):
            raise unusable(path, f"it is damaged: {name} has another type or shape")


_LARGEST_HEADER = 2**20
"""Bytes; ours have a few thousand."""
_TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
"""What safetensors calls the types that we write."""


def unusable(path: Path, why: str) -> CannotFinish:
    """Say why a checkpoint cannot be gone on from."""
    return CannotFinish(f"{path}: cannot resume from it: {why}; move it away to start anew")


def _crc(tensor: Tensor) -> int:
    flat = tensor.reshape(-1).view(torch.uint8) if tensor.numel() else tensor
    return zlib.crc32(np.ascontiguousarray(flat.numpy()).data)

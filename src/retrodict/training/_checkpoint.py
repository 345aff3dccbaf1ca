"""A checkpoint: weights, optimiser state and everything recorded so far, in one safetensors file.

One file, renamed into place, so that the parts always belong together. Random streams need no
state (see `retrodict.seeds`). Every tensor carries a CRC-32, so that a flipped bit is found.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from retrodict.errors import CannotFinish
from retrodict.files import CHECKPOINT_FORMAT, atomic, unreadable
from retrodict.files.tensors import Tensors, checksums, failing, read_arrays, save_file


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
        arrays = {n: t.detach().cpu().contiguous().numpy() for n, t in self.tensors.items()}
        metadata = {
            "format": str(CHECKPOINT_FORMAT),
            "epoch": str(self.epoch),
            "digest": self.digest,
            **checksums(arrays),
        }
        with atomic(path) as temporary:
            save_file(arrays, temporary, metadata)

    @classmethod
    def load(
        cls,
        path: Path,
        digest: str,
        like: Checkpoint | None = None,
        also: Callable[[str], bool] = lambda digest: False,
    ) -> Checkpoint:
        """Read a checkpoint; everything it declares is checked first.

        Args:
            path: the file.
            digest: hash of the experiment it should belong to.
            like: the last checkpoint its experiment can have: what tensors there are, of which
                types and shapes, and which epoch is the last. None takes what is there.
            also: whether another hash is of that experiment, too.

        Raises:
            CannotFinish: it is damaged, of another version, or of another experiment.
            Unreadable: it cannot be read; it may be undamaged.
        """
        most = None if like is None else sum(tensor.nbytes for tensor in like.tensors.values())
        try:
            found = Tensors.of(path, most)
            metadata = found.metadata
            if metadata.get("format") != str(CHECKPOINT_FORMAT):
                said = metadata.get("format", "none")
                raise unusable(
                    path, f"its format is {said}, this version reads {CHECKPOINT_FORMAT}"
                )
            if metadata.get("digest") != digest and not also(metadata.get("digest", "")):
                raise unusable(path, "it belongs to another experiment")
            if like is not None:
                found.require_alike(like._declared)
            arrays = dict(read_arrays(path, found))
            failed = failing(arrays.items(), found.checksums)
            epoch = int(metadata["epoch"])
        except CannotFinish:
            raise
        except (OSError, MemoryError) as error:
            raise unreadable(path, error) from error
        except KeyError as error:
            raise unusable(path, "it is damaged") from error
        except ValueError as error:
            raise unusable(path, f"it is damaged: {error}") from error
        if not 0 <= epoch <= (like.epoch if like else epoch):
            raise unusable(path, f"it is damaged: it says epoch {metadata['epoch']:.20}")
        if failed:
            raise unusable(path, f"it is damaged: {failed[0]} fails its checksum")
        return cls(epoch, digest, {name: torch.from_numpy(array) for name, array in arrays.items()})

    @property
    def _declared(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """The type of each tensor, as NumPy names it, and its shape."""
        return {
            name: (str(tensor.dtype).removeprefix("torch."), tuple(tensor.shape))
            for name, tensor in self.tensors.items()
        }


def unusable(path: Path, why: str) -> CannotFinish:
    """Return the error for a checkpoint that cannot be resumed."""
    return CannotFinish(f"{path}: cannot resume from it: {why}; move it away to start again")

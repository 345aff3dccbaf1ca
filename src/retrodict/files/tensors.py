"""Named arrays in one safetensors file, written and read without a memory map.

    length of the head, 8 bytes | head: JSON, name → type, shape, place | the arrays' bytes

With a memory map the process would crash if a network file disappeared, and some file systems have
none. A file that cannot be read (`OSError`) is distinguished from one that is wrong (`ValueError`),
and what a file declares is checked before memory is allocated for it. The metadata may hold a
CRC-32 for each array, by which a flipped bit is found.
"""

from __future__ import annotations

import json
import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from retrodict.files._safe_read import require_plain_file

TYPES = {"F32": np.float32, "F64": np.float64, "I64": np.int64}
"""The types that we write, by safetensors' names."""
_MOST_HEAD_BYTES = 2**20
"""Size limit of the head; ours have a few thousand bytes."""
_NAMES = {np.dtype(kind): name for name, kind in TYPES.items()}


@dataclass(frozen=True)
class Place:
    """Where an array lies in a file, its type by safetensors' name, and its shape."""

    begin: int
    end: int
    type: str
    shape: tuple[int, ...]


@dataclass(frozen=True)
class Tensors:
    """The head of a safetensors file.

    Attributes:
        metadata: text by key.
        places: array → where its bytes are.
    """

    metadata: Mapping[str, str]
    places: Mapping[str, Place]

    @classmethod
    def of(cls, path: Path, most: int | None = None) -> Tensors:
        """Read the head of a file.

        Args:
            path: the file.
            most: how many bytes its arrays may have; None: any number.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged, or larger than it can be.
        """
        require_plain_file(path)
        size = path.stat().st_size
        if most is not None and size > most + _MOST_HEAD_BYTES:
            raise ValueError("it is larger than its tensors")
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\xff"))
            if length > size - 8:
                raise ValueError("it is cut short")
            text = file.read(length)
        try:
            head = json.loads(text)
            metadata = head.pop("__metadata__", {})
            places = {name: _place(said, 8 + length) for name, said in head.items()}
            words = {str(key): str(value) for key, value in metadata.items()}
        except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError("its head is damaged") from error
        end = 8 + length
        for place in sorted(places.values(), key=lambda place: (place.begin, place.end)):
            if place.begin != end or place.end < end:
                raise ValueError("its head is damaged")
            end = place.end
        if end != size:
            raise ValueError("it is cut short, or too long")
        return cls(words, places)

    def require_alike(self, like: Mapping[str, tuple[str, tuple[int, ...]]]) -> None:
        """Refuse other arrays than these: name → type, by NumPy's name, and shape.

        Raises:
            ValueError: the first that is missing, unknown, or of another type or shape.
        """
        if names := self.places.keys() ^ like.keys():
            odd = min(names)
            raise ValueError(f"{odd:.60} is {'unknown' if odd in self.places else 'missing'}")
        for name, (kind, shape) in like.items():
            declared = self.places[name]
            if declared.shape != shape or declared.type != _NAMES.get(np.dtype(kind)):
                raise ValueError(f"{name} has another type or shape")

    @property
    def checksums(self) -> dict[str, int]:
        """The CRC-32 of each array, as the metadata says it.

        Raises:
            ValueError: it cannot be read.
        """
        try:
            return dict(json.loads(self.metadata.get("crc32", "{}")))
        except (TypeError, RecursionError):
            raise ValueError("its checksums are damaged") from None


def _place(said: Mapping[str, Any], start: int) -> Place:
    begin, end = said["data_offsets"]
    shape = tuple(map(int, said["shape"]))
    return Place(start + int(begin), start + int(end), str(said["dtype"]), shape)


def read_arrays(path: Path, found: Tensors) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays of a file whose head was read.

    Raises:
        OSError: it cannot be read.
        ValueError: it is damaged.
    """
    with open(path, "rb") as file:
        for name, place in found.places.items():
            kind = TYPES.get(place.type)
            sound = kind and min(place.shape, default=0) >= 0
            size = math.prod(place.shape) * np.dtype(kind).itemsize if sound else -1
            if size != place.end - place.begin:
                raise ValueError(f"{name:.60} has another type or shape than it says")
            array = np.empty(place.shape, kind)
            file.seek(place.begin)
            if array.size and file.readinto(array.reshape(-1).view(np.uint8).data) != size:
                raise ValueError("it is cut short")
            yield name, array


def save_file(arrays: Mapping[str, np.ndarray], path: Path, metadata: Mapping[str, str]) -> None:
    """Write contiguous arrays, those of the widest type first, as the format demands.

    Raises:
        OSError: the file cannot be written.
    """
    names = sorted(arrays, key=lambda name: (-arrays[name].itemsize, name))
    head: dict[str, Any] = {"__metadata__": dict(metadata)}
    at = 0
    for name in names:
        array = arrays[name]
        offsets, at = [at, at + array.nbytes], at + array.nbytes
        kind = _NAMES[array.dtype]
        head[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": offsets}
    text = json.dumps(head, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in names:
            file.write(arrays[name].reshape(-1).view(np.uint8).data)


def checksums(arrays: Mapping[str, np.ndarray]) -> dict[str, str]:
    """Return the CRC-32 of each array, as metadata."""
    return {"crc32": json.dumps({name: _crc(array) for name, array in arrays.items()})}


def failing(arrays: Iterable[tuple[str, np.ndarray]], expected: Mapping[str, int]) -> list[str]:
    """Return the names of the arrays whose CRC-32 is not as expected."""
    return [name for name, array in arrays if expected.get(name) != _crc(array)]


def _crc(array: np.ndarray) -> int:
    return zlib.crc32(array.reshape(-1).view(np.uint8).data)

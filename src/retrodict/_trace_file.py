"""A trace file before it is read: nothing in it may lead elsewhere, or grow when it is unpacked.

HDF5 can refer to other files (external and soft links, external storage, virtual datasets), run
plug-ins (filters), and declare any size for what holds nothing. A trace of ours does none of that.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import h5py

from retrodict._untrusted import require_plain_file
from retrodict.limits import available_bytes

_LEVELS = 2  # /effective_weights/PANEL
_MOST_OBJECTS = 1000
_MOST_STRINGS, _LONGEST_STRING = 64, 1000
_MOST_VALUES = 1000  # of an attribute
_EMPTY = 2**20  # bytes that may be declared and hold nothing, as a dimension does
_TIGHTEST = 1100  # what zlib makes of zeros
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


def require_harmless(path: Path) -> None:
    """Refuse a file that reaches outside itself, or is not what it declares.

    Raises:
        OSError: it is no HDF5 file.
        ValueError: it is no trace of ours.
        MemoryError: it does not fit into this machine's memory.
    """
    require_plain_file(path)
    with h5py.File(path, "r") as file:
        declared = 0
        for number, found in enumerate(_objects(file, 0)):
            if number >= _MOST_OBJECTS:
                raise ValueError("it holds more than any trace")
            _require_short_attributes(found)
            if isinstance(found, h5py.Dataset):
                declared += _declared(found)
    available = available_bytes()
    if available is not None and 2 * declared > available:
        raise MemoryError(f"it declares {declared / 2**30:.1f} GiB, more than fits into memory")


def _objects(group: h5py.Group, level: int) -> Iterator[h5py.Group | h5py.Dataset]:
    """Everything in a group, itself included, as far as plain links lead."""
    yield group
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name:.60} is a link to somewhere else")
        found = group[name]
        if isinstance(found, h5py.Dataset):
            yield found
        elif isinstance(found, h5py.Group) and level < _LEVELS:
            yield from _objects(found, level + 1)
        else:
            raise ValueError(f"{name:.60} has no place in a trace")


def _require_short_attributes(found: h5py.Group | h5py.Dataset) -> None:
    for name in found.attrs:
        if math.prod(found.attrs.get_id(name).shape) > _MOST_VALUES:
            raise ValueError(f"the attribute {name:.60} is too long")


def _declared(dataset: h5py.Dataset) -> int:
    """Return how many bytes a dataset says it has, having looked at how it is stored."""
    name, how = str(dataset.name), dataset.id.get_create_plist()
    if how.get_external_count() or dataset.is_virtual:
        raise ValueError(f"{name:.60} is kept in another file")
    if not {how.get_filter(i)[0] for i in range(how.get_nfilters())} <= _FILTERS:
        raise ValueError(f"{name:.60} is packed in another way than ours")
    if h5py.check_string_dtype(dataset.dtype) is not None:
        _require_short_strings(dataset)
    elif dataset.dtype.kind not in "iufb":
        raise ValueError(f"{name:.60} holds no numbers")
    size, held = int(dataset.nbytes), dataset.id.get_storage_size()
    if size > max(_EMPTY, _TIGHTEST * held):
        raise ValueError(f"{name:.60} declares {size} bytes and holds {held}")
    return size


def _require_short_strings(dataset: h5py.Dataset) -> None:
    count = math.prod(dataset.shape)
    if dataset.ndim > 1 or count > _MOST_STRINGS:
        raise ValueError(f"{dataset.name:.60} holds {count} texts")
    for i in range(count):
        if len(dataset[i] if dataset.ndim else dataset[()]) > _LONGEST_STRING:
            raise ValueError(f"{dataset.name:.60} holds a text that is too long")

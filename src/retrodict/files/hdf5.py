"""Check an HDF5 file before its arrays are read.

HDF5 can refer to other files (external and soft links, external storage, virtual datasets), run
plug-ins (filters), and declare arrays of any size without storing them. A file that does one of
these is refused; our traces do none of them.
"""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path

import h5py

from retrodict.files._safe_read import require_plain_file
from retrodict.limits import available_bytes, gib

_LEVELS = 2  # of groups in groups
_MOST_OBJECTS = 1000
_MOST_STRINGS, _LONGEST_STRING = 64, 1000
_MOST_VALUES = 1000  # of an attribute
_EMPTY = 2**20  # bytes that may be declared without being stored, as for a dimension
_TIGHTEST = 1100  # zlib's compression ratio for zeros
_FILTERS = {h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32}


class Foreign(OSError):
    """A file is not one of ours. Any other error may be a fault of this machine's HDF5."""


def content_of(path: Path) -> bytes:
    """Read a whole regular file; raise MemoryError if it does not fit into memory."""
    try:
        require_plain_file(path)
    except ValueError as error:
        raise OSError(str(error)) from None
    _require_fit("has", path.stat().st_size)
    return path.read_bytes()


def _require_fit(how: str, size: int) -> None:
    available = available_bytes()
    if available is not None and 2 * size > available:
        raise MemoryError(f"it {how} {gib(size)}, more than fits into memory")


def unmarked(content: bytes) -> bytes | None:
    """Return a file's content without HDF5's mark that it is open for writing; None if unmarked.

    A program that may write to a file sets the mark until it closes the file. If nothing else has
    changed, the file's checksum fits again without the mark. From version 2 of the first block on,
    the mark alters the block's own checksum, so it is not removed; our files have version 0.
    """
    if content[:8] != _HDF5 or len(content) < 24:
        return None
    at = 20 if content[8] < 2 else 11
    if not content[at] & _WRITING:
        return None
    return content[:at] + b"\0" + content[at + 1 :] if content[8] < 2 else content


_HDF5 = b"\x89HDF\r\n\x1a\n"
_NEWEST_LAYOUT = b"\3"
_WRITING = 0b101  # by one, or by one while others read


def require_harmless(content: bytes) -> None:
    """Refuse the content of a file that reaches outside itself, or is not what it declares.

    Raises:
        Foreign: it is not one of our files.
        OSError, MemoryError, ImportError: HDF5, the memory or zlib here does not suffice.
    """
    if not h5py.h5z.filter_avail(h5py.h5z.FILTER_DEFLATE):
        raise ImportError("this HDF5 was built without zlib")
    if content[:8] != _HDF5 or content[8:9] > _NEWEST_LAYOUT:
        raise Foreign("it is not an HDF5 file")
    with h5py.File(io.BytesIO(content), "r") as file:
        declared = 0
        for number, found in enumerate(_objects(file, 0)):
            if number >= _MOST_OBJECTS:
                raise Foreign("it holds more objects than our files do")
            for name in found.attrs:
                if math.prod(found.attrs.get_id(name).shape) > _MOST_VALUES:
                    raise Foreign(f"the attribute {name:.60} is too long")
            if isinstance(found, h5py.Dataset):
                declared += _declared(found)
    _require_fit("declares", declared)


def groups_in(content: bytes, group: str) -> list[str]:
    """Return the names of the groups within a group of a harmless file."""
    with h5py.File(io.BytesIO(content), "r") as file:
        found = file.get(group)
        inside = found.items() if isinstance(found, h5py.Group) else ()
        return [name for name, one in inside if isinstance(one, h5py.Group)]


def _objects(group: h5py.Group, level: int) -> Iterator[h5py.Group | h5py.Dataset]:
    """Yield a group and everything in it, following hard links only."""
    yield group
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise Foreign(f"{name:.60} is a link to somewhere else")
        found = group[name]
        if isinstance(found, h5py.Dataset):
            yield found
        elif isinstance(found, h5py.Group) and level < _LEVELS:
            yield from _objects(found, level + 1)
        else:
            raise Foreign(f"{name:.60} does not belong there")


def _declared(dataset: h5py.Dataset) -> int:
    """Return how many bytes a dataset declares; refuse it if it is stored in an unusual way."""
    name, how = str(dataset.name), dataset.id.get_create_plist()
    if how.get_external_count() or dataset.is_virtual:
        raise Foreign(f"{name:.60} is kept in another file")
    if not {how.get_filter(i)[0] for i in range(how.get_nfilters())} <= _FILTERS:
        raise Foreign(f"{name:.60} is compressed in a way that we do not use")
    if h5py.check_string_dtype(dataset.dtype) is not None:
        _require_short_strings(dataset)
    elif dataset.dtype.kind not in "iufb":
        raise Foreign(f"{name:.60} holds no numbers")
    if " since " in str(dataset.attrs.get("units")):
        raise Foreign(f"{name:.60} holds dates")
    try:
        for axis in dataset.dims:
            axis.values()
    except (KeyError, RuntimeError):
        raise Foreign(f"coordinates of {name:.60} are missing") from None
    size, held = int(dataset.nbytes), dataset.id.get_storage_size()
    if size > max(_EMPTY, _TIGHTEST * held):
        raise Foreign(f"{name:.60} declares {size} bytes and holds {held}")
    return size


def _require_short_strings(dataset: h5py.Dataset) -> None:
    count = math.prod(dataset.shape)
    if dataset.ndim > 1 or count > _MOST_STRINGS:
        raise Foreign(f"{dataset.name:.60} holds {count} texts")
    for i in range(count):
        if len(dataset[i] if dataset.ndim else dataset[()]) > _LONGEST_STRING:
            raise Foreign(f"{dataset.name:.60} holds a text that is too long")

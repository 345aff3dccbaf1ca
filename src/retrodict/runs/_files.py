"""The files of a run's folder: their names, and how they are read and checked."""

from __future__ import annotations

import errno
import hashlib
import json
import re
import shutil
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from retrodict._untrusted import read_json, require_plain_file
from retrodict.errors import CannotFinish

STATE, ENVIRONMENT, EXPERIMENT = "run.json", "environment.json", "experiment.yaml"
TRACE, WEIGHTS, LOG, LOCK = "trace.nc", "weights.safetensors", "log.jsonl", ".lock"
CHECKPOINT, PROGRESS = "checkpoint.safetensors", ".progress"
REMEDY = "move the folder away to run it anew"

_OWN = frozenset({STATE, ENVIRONMENT, EXPERIMENT, TRACE, WEIGHTS, LOG, LOCK, CHECKPOINT, PROGRESS})
_PART = re.compile(r"checkpoint-(\d+)-(\d+)\.safetensors")
_RUN_NAME = re.compile(r"[a-z_]+-[a-z_]+-[0-9a-f]{12}")
_TEMPORARY = re.compile(r"\.(?P<name>.+)\.(?P<pid>\d+)\.tmp")


def is_own(name: str) -> bool:
    """Whether a file of this name in a run's folder was written by us.

    >>> is_own("checkpoint-0-5.safetensors"), is_own("checkpoint-backup.safetensors")
    (True, False)
    """
    return name in _OWN or bool(_PART.fullmatch(name))


def is_run_name(name: str) -> bool:
    """Whether a folder of this name is a run's: task, model, and twelve digits of its hash.

    >>> is_run_name("reversal-one_layer-0123456789ab"), is_run_name("my-study")
    (True, False)
    """
    return bool(_RUN_NAME.fullmatch(name))


def temporary_of(name: str) -> tuple[str, int] | None:
    """Return which file a temporary one was to become, and the process that wrote it.

    >>> temporary_of(".trace.nc.123.tmp")
    ('trace.nc', 123)
    """
    match = _TEMPORARY.fullmatch(name)
    return (match["name"], int(match["pid"])) if match else None


def checkpoints(folder: Path) -> list[Path]:
    """Return the checkpoint, or those of the parts of a population, in the learners' order."""
    parts = {path: _PART.fullmatch(path.name) for path in folder.glob("checkpoint-*.safetensors")}
    found = sorted((int(part[1]), path) for path, part in parts.items() if part)
    whole = folder / CHECKPOINT
    return [*([whole] if _is_there(whole) else []), *(path for _, path in found)]


def learners_of(name: str, total: int) -> int:
    """How many of a population's learners a checkpoint of this name is of.

    >>> learners_of("checkpoint-4-10.safetensors", 10), learners_of("checkpoint.safetensors", 10)
    (6, 10)
    """
    part = _PART.fullmatch(name)
    return int(part[2]) - int(part[1]) if part else total


def _is_there(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def refuse_link(path: Path) -> Path:
    """Return a path that is no symbolic link: those lead out of the folder.

    Raises:
        CannotFinish: it is one.
    """
    if path.is_symlink():
        raise CannotFinish(f"{path}: damaged: is a symbolic link; {REMEDY}")
    return path


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        CannotFinish: there is none.
    """
    try:
        return read_json(refuse_link(path))
    except (OSError, ValueError) as error:
        raise CannotFinish(f"{path}: damaged: {_reason(error)}; {REMEDY}") from None


def _reason(error: Exception) -> str:
    return "is missing" if isinstance(error, FileNotFoundError) else str(error)


def sha256(path: Path) -> str:
    """Hash a file's content."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_of(path: Path) -> str:
    """SHA-256 of a file; nothing if it cannot be read."""
    try:
        require_plain_file(path)
        return sha256(path)
    except (OSError, ValueError):
        return ""


@dataclass(frozen=True)
class Tensors:
    """What a safetensors file says of itself.

    Attributes:
        metadata: words that its writer put in.
        places: tensor → where its bytes begin and end in the file.
    """

    metadata: Mapping[str, str]
    places: Mapping[str, tuple[int, int]]

    @classmethod
    def of(cls, path: Path) -> Tensors:
        """Read the head of a file, without torch and without the tensors.

        Raises:
            OSError: it cannot be read.
            ValueError: it is damaged.
        """
        require_plain_file(path)
        size = path.stat().st_size
        with open(path, "rb") as file:
            (length,) = struct.unpack("<Q", file.read(8).ljust(8, b"\xff"))
            if length > size - 8:
                raise ValueError("it is cut short")
            text = file.read(length)
        try:
            head = json.loads(text)
            metadata = head.pop("__metadata__", {})
            places = {name: _place(tensor, 8 + length) for name, tensor in head.items()}
            said = {str(key): str(value) for key, value in metadata.items()}
        except (AttributeError, KeyError, TypeError, OverflowError, RecursionError) as error:
            raise ValueError("its head is damaged") from error
        if max((end for _, end in places.values()), default=8 + length) != size:
            raise ValueError("it is cut short, or too long")
        return cls(said, places)


def _place(tensor: Mapping[str, Any], start: int) -> tuple[int, int]:
    begin, end = tensor["data_offsets"]
    return start + int(begin), start + int(end)


def failing_tensors(path: Path) -> list[str]:
    """Name the tensors of a checkpoint whose CRC-32 is wrong.

    Raises:
        OSError, ValueError: the file cannot be read, or its head is damaged.
    """
    found = Tensors.of(path)
    expected = json.loads(found.metadata.get("crc32", "{}"))
    failing = []
    with open(path, "rb") as file:
        for name, (begin, end) in found.places.items():
            file.seek(begin)
            if zlib.crc32(file.read(end - begin)) != expected.get(name):
                failing.append(name)
    return failing


def write_with(library: Callable[[], object], path: Path) -> None:
    """Call a library's writer; its own kinds of error become operating-system errors."""
    try:
        library()
    except OSError as error:
        if error.errno is not None:
            raise
        raise _os_error(path, error) from error
    except Exception as error:  # HDF5 and safetensors wrap a full disk in errors of their own
        raise _os_error(path, error) from error


def _os_error(path: Path, error: Exception) -> OSError:
    full = shutil.disk_usage(path.parent).free < 2**20 or "No space left" in str(error)
    return OSError(errno.ENOSPC if full else errno.EIO, str(error))

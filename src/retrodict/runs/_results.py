"""Read a finished run's results; check them against their checksums and the experiment."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from retrodict.errors import BadInput, CannotFinish, Damaged, Unreadable
from retrodict.experiment import Placed
from retrodict.files import (
    digest_of,
    in_a_line,
    reading,
    refuse_link,
    require_format,
    require_plain_file,
)
from retrodict.files.tensors import Tensors, read_arrays
from retrodict.runs import _migrate
from retrodict.runs._files import REMEDY, TRACE, WEIGHTS, fails_checksum
from retrodict.trace import Trace, misfit

if TYPE_CHECKING:
    from torch import Tensor

_OPEN_ELSEWHERE = (
    "another program, a viewer or a notebook, has it open for writing; close it there (if it died "
    "with it open: h5clear -s)"
)


def read_trace(folder: Path, state: Mapping[str, Any], experiment: Placed) -> Trace:
    """Read the trace of a finished run into memory."""
    from retrodict.files.hdf5 import Foreign

    path, content = verified_trace(folder, state)
    try:
        trace = Trace.of(content, path)
        problem = misfit(trace, experiment)
    except Foreign as error:
        problem = str(error)
    except (OSError, MemoryError, ImportError, BadInput) as error:  # all its bytes are there
        why = f"cannot be read on this machine: {in_a_line(error)}"
        raise Unreadable(path, why) from error
    except (ValueError, KeyError, TypeError) as error:
        problem = in_a_line(error)  # never empty, as that would mean that all is well
    if problem:
        raise Damaged(path, problem, REMEDY)
    return trace


def read_weights(
    folder: Path, state: Mapping[str, Any], experiment: Placed
) -> Mapping[str, Tensor]:
    """Read the final parameters of a finished run, if they were kept."""
    import torch

    path, expected = _result(folder, state, WEIGHTS)
    if digest_of(path) != expected:
        raise fails_checksum(path)
    with reading(path, REMEDY):
        found = weights_in(path, state, _most_bytes_of_weights(experiment))
        return {name: torch.from_numpy(a) for name, a in read_arrays(path, found)}


def weights_in(path: Path, state: Mapping[str, Any], most: int | None = None) -> Tensors:
    """Read the head of a run's weights; raises as `Tensors.of`, and if they are of another run."""
    found = Tensors.of(path, most)
    require_format(found.metadata.get("format", 1), _migrate.WEIGHTS_FORMAT, path)
    if found.metadata.get("digest", state["digest"]) != state["digest"]:
        raise ValueError("belongs to another experiment")
    return found


def _result(folder: Path, state: Mapping[str, Any], name: str) -> tuple[Path, str]:
    """Return the path of a result that was kept, and its checksum."""
    path = refuse_link(folder / name)
    if state["state"] != "finished":
        raise CannotFinish(f"{folder}: is not finished; run its experiment.yaml to continue")
    expected = state["sha256"].get(name)
    if expected is None:
        raise CannotFinish(f"{path}: was not kept")
    with reading(path, REMEDY):
        require_plain_file(path)
    return path, str(expected)


def verified_trace(folder: Path, state: Mapping[str, Any]) -> tuple[Path, bytes]:
    """Return the path and the content of the trace, after checking its checksum."""
    from retrodict.files.hdf5 import content_of, unmarked

    path, expected = _result(folder, state, TRACE)
    with reading(path, REMEDY):
        content = content_of(path)
    if hashlib.sha256(content).hexdigest() == expected:
        return path, content
    if (closed := unmarked(content)) is None:
        raise fails_checksum(path)
    if hashlib.sha256(closed).hexdigest() != expected:
        raise Unreadable(path, f"cannot be read now: {_OPEN_ELSEWHERE}")
    return path, closed


def _most_bytes_of_weights(experiment: Placed) -> int:
    """All parameters in the widest type."""
    corpus = experiment.corpus()
    length = experiment.examples(corpus).inputs.shape[1]
    count = experiment.model.parameter_count(corpus.vocab_size, length)
    return 8 * experiment.training.learners * count

"""A population divided into parts that fit into memory, each trained by itself and kept on disk."""

from __future__ import annotations

import itertools
import math
import re
from dataclasses import dataclass
from pathlib import Path

from retrodict.experiment import Placed
from retrodict.files import names_in
from retrodict.training._memory import learners_at_a_time


@dataclass(frozen=True)
class Part:
    """Some learners of a population.

    Attributes:
        learners: which.
        experiment: theirs; a learner depends on its seed alone.
        checkpoint: where theirs lives; None keeps none.
    """

    learners: slice
    experiment: Placed
    checkpoint: Path | None


def parts_of(experiment: Placed, checkpoint: Path | None) -> list[Part]:
    """Divide an experiment's learners into parts, as equal as can be; one if all fit.

    Parts on disk keep their division, whatever fits today.

    Args:
        experiment: whose.
        checkpoint: where the checkpoint of an undivided population lives; parts lie beside it.

    Raises:
        BadInput: not even one learner fits.
    """
    total = experiment.training.learners
    bounds = [] if checkpoint is None else _begun(checkpoint, total)
    start = bounds[-1][1] if bounds else 0
    if start < total:
        pieces = math.ceil((total - start) / learners_at_a_time(experiment))
        cuts = [start + (total - start) * i // pieces for i in range(pieces + 1)]
        bounds += itertools.pairwise(cuts)
    return [_part(experiment, checkpoint, *pair) for pair in bounds]


def _begun(checkpoint: Path, total: int) -> list[tuple[int, int]]:
    """Return the parts that have checkpoints, as far as they follow each other from learner 0."""
    names = names_in(checkpoint.parent)
    if checkpoint.name in names:
        return [(0, total)]
    found = {}
    part = rf"{re.escape(checkpoint.stem)}-(\d+)-(\d+){re.escape(checkpoint.suffix)}"
    for name in names:
        if match := re.fullmatch(part, name):
            found[int(match[1])] = int(match[2])
    chain, at = [], 0
    while at < found.get(at, 0) <= total:
        chain.append((at, found[at]))
        at = found[at]
    return chain


def _part(experiment: Placed, checkpoint: Path | None, start: int, stop: int) -> Part:
    training = experiment.training
    if (start, stop) == (0, training.learners):
        return Part(slice(start, stop), experiment, checkpoint)
    own = {"training.seed": training.seed + start, "training.learners": stop - start}
    if checkpoint is not None:
        checkpoint = checkpoint.with_stem(f"{checkpoint.stem}-{start}-{stop}")
    return Part(slice(start, stop), experiment.changed(own).as_written(), checkpoint)

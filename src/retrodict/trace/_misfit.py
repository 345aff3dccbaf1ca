"""Check whether a trace can come from training an experiment."""

from __future__ import annotations

import numpy as np
import xarray as xr

from retrodict.errors import BadInput
from retrodict.experiment import Placed
from retrodict.trace._recording import Recording, require_memory_for
from retrodict.trace._trace import Trace


def are_ends(diverged_at: np.ndarray, epochs: int) -> bool:
    """Whether these can be the epochs at which learners diverged; NaN means not yet."""
    ended = diverged_at[~np.isnan(diverged_at)]
    return bool(((ended >= 0) & (ended <= epochs) & (ended == np.floor(ended))).all())


def misfit(trace: Trace, experiment: Placed) -> str:
    """Say why a trace cannot come from training this experiment; "" if it can.

    Raises:
        BadInput: what the experiment would record does not fit into memory.
    """
    training = experiment.training
    corpus = experiment.corpus()
    require_memory_for(experiment, corpus)
    wanted = Recording(experiment, [corpus] * training.learners, "training", _blank).trace()
    if trace.weights.keys() != wanted.weights.keys():
        return "its panels are those of another experiment"
    pairs = [("curves", trace.curves, wanted.curves)]
    pairs += [(name, trace.weights[name], panel) for name, panel in wanted.weights.items()]
    for name, found, like in pairs:
        if set(found.coords) != set(like.coords) or not all(
            _same(found[key], like[key]) for key in like.coords
        ):
            return f"{name}: learners, epochs or groups are those of another experiment"
        if {key: _kind(found[key]) for key in found} != {key: _kind(like[key]) for key in like}:
            return f"{name}: variables are missing, or of another shape or type"
        if found.attrs.get("title") != like.attrs.get("title"):
            return f"{name}: has another title"
    if not np.isclose(float(trace.curves.attrs["uniform_nll"]), wanted.curves.attrs["uniform_nll"]):
        return "its uniform_nll is of another vocabulary"
    try:
        named = trace.experiment.as_written()
    except BadInput:
        return "it does not name an experiment"
    if named.digest() != experiment.digest():
        return "it names another experiment"
    if not are_ends(trace.curves["diverged_at"].values, training.epochs):
        return "a learner diverged at an epoch that does not exist"
    return ""


def _blank(shape: tuple[int, ...], value: float, dtype: type) -> np.ndarray:
    """Fill an array as `np.full` does, but with one value's memory."""
    return np.broadcast_to(np.asarray(value, dtype), shape)


def _kind(variable: xr.DataArray) -> tuple[tuple[str, ...], tuple[int, ...], np.dtype]:
    return tuple(map(str, variable.dims)), variable.shape, variable.dtype


def _same(one: xr.DataArray, other: xr.DataArray) -> bool:
    """Whether two coordinates agree; numbers to rounding, since logarithms differ by machine."""
    if one.dtype.kind == other.dtype.kind == "f":
        return one.dims == other.dims and np.allclose(one.values, other.values)
    return one.dims == other.dims and np.array_equal(one.values, other.values)

"""Traces on disk."""

from __future__ import annotations

import pytest
import xarray as xr

from retrodict import Trace
from retrodict.training import train


@pytest.mark.parametrize(
    "changes",
    [
        [],
        ["record.weights_at=[]"],
        ["task={kind: in_context, vocab_size: 15, x_tokens: 5, y_tokens: 4}"],
        ["training.epochs=0"],
    ],
)
def test_a_trace_comes_back_as_it_was_saved(tiny, tmp_path, changes):
    trace = train(tiny.with_overrides(*changes)).trace
    trace.save(tmp_path / "trace.nc")
    assert Trace.load(tmp_path / "trace.nc").identical(trace)


def test_saving_twice_gives_the_same_bytes(tiny, tmp_path):
    trace = train(tiny).trace
    for name in ("a.nc", "b.nc"):
        trace.save(tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_one_line_of_xarray_opens_it(tiny, tmp_path):
    train(tiny).trace.save(tmp_path / "trace.nc")
    with xr.open_dataset(tmp_path / "trace.nc") as curves:
        assert curves["nll"].dims == ("learner", "epoch", "group")
        assert {"nll", "accuracy", "entity_nll"} <= set(curves.data_vars)
    group = "effective_weights/validation"
    with xr.open_dataset(tmp_path / "trace.nc", group=group) as panel:
        assert panel["entity_only"].dims == ("learner", "snapshot", "source", "target")


def test_traces_that_differ_in_one_value_are_not_identical(tiny):
    one, other = train(tiny).trace, train(tiny).trace
    assert one.identical(other)
    other.weights["validation"]["entity_only"][0, 0, 0, 0] += 1
    assert not one.identical(other)


def test_a_trace_passes_on_what_a_dataset_can_do(tiny):
    trace = train(tiny).trace
    assert trace["nll"].identical(trace.nll)
    assert trace.sizes["learner"] == 3
    with pytest.raises(AttributeError):
        _ = trace.nothing

"""Traces on disk."""

from __future__ import annotations

import pytest
import xarray as xr

from retrodict import Experiment, Trace
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
    trace = train(tiny.with_overrides(*changes).placed()).trace
    trace.save(tmp_path / "trace.nc")
    assert Trace.load(tmp_path / "trace.nc").identical(trace)


def test_saving_twice_gives_the_same_bytes(tiny, tmp_path):
    trace = train(tiny.placed()).trace
    for name in ("a.nc", "b.nc"):
        trace.save(tmp_path / name)
    assert (tmp_path / "a.nc").read_bytes() == (tmp_path / "b.nc").read_bytes()


def test_one_line_of_xarray_opens_it(tiny, tmp_path):
    train(tiny.placed()).trace.save(tmp_path / "trace.nc")
    with xr.open_dataset(tmp_path / "trace.nc") as curves:
        assert curves["nll"].dims == ("learner", "epoch", "group")
        assert {"nll", "accuracy", "entity_nll"} <= set(curves.data_vars)
    group = "effective_weights/validation"
    with xr.open_dataset(tmp_path / "trace.nc", group=group) as panel:
        assert panel["entity_only"].dims == ("learner", "snapshot", "source", "target")


def test_traces_that_differ_in_one_value_are_not_identical(tiny):
    one, other = train(tiny.placed()).trace, train(tiny.placed()).trace
    assert one.identical(other)
    other.weights["validation"]["entity_only"][0, 0, 0, 0] += 1
    assert not one.identical(other)


@pytest.mark.parametrize(
    ("data", "trained"),
    [
        ("{}", ["train_forward", "train_backward", "train_seen"]),
        ("{one_way: {}}", ["train_forward", "train_seen"]),
        (
            "{identity: {}, held_out: {}}",
            ["train_forward", "train_backward", "train_seen", "validation", "identity"],
        ),
    ],
)
def test_a_trace_knows_its_experiment_and_what_its_task_holds_out(tiny, tmp_path, data, trained):
    """Whatever a recipe teaches: `validation` are the task's held-out questions."""
    experiment = tiny.with_overrides(f"data={data}")
    train(experiment.placed()).trace.save(tmp_path / "trace.nc")
    trace = Trace.load(tmp_path / "trace.nc")
    assert trace.experiment.task == experiment.task
    assert trace.experiment.data == experiment.data
    assert [name for name, role in trace.roles.items() if role == "held_out"] == ["validation"]
    assert trace.held_out()["nll"].identical(trace.nll.sel(group="validation"))
    assert trace.taught()["group"].values.tolist() == trained


def test_a_task_without_held_out_questions_shows_its_last_group(tiny):
    pairs = {"kind": "pairs", "n": 3, "m": 8, "backward": "all"}
    bilinear = Experiment.model_validate(
        {"task": pairs, "model": {"kind": "bilinear", "d": 16}, "training": {"epochs": 1}}
    )
    trace = train(bilinear.placed()).trace
    assert set(trace.roles.values()) == {"taught"}
    assert trace.held_out()["group"].item() == "train_backward"


def test_a_trace_of_format_1_has_roles_too(old):
    assert old.trace.roles["validation"] == "held_out"
    assert old.trace.roles["train_seen"] == "taught"


def test_a_trace_passes_on_what_a_dataset_can_do(tiny):
    trace = train(tiny.placed()).trace
    assert trace["nll"].identical(trace.nll)
    assert trace.sizes["learner"] == 3
    with pytest.raises(AttributeError):
        _ = trace.nothing

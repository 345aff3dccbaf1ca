"""The drawing of a comparison: which runs are where, and what the axes say."""

from __future__ import annotations

import pytest

from retrodict import Experiment, Trace
from retrodict.plots import plot_comparison
from retrodict.training import train

TINY = """
task: {kind: reversal, vocab_size: 24}
model: {n_layer: 1, n_head: 2, d_model: 16}
training: {epochs: 2, batch_size: 8, learners: 2, threads: 1}
record: {every: 1, weights_at: []}
"""
THREE = ((1, 1, 1), (1, 1, 2), (1, 2, 1), (2, 1, 1))


@pytest.fixture(scope="module")
def trace() -> Trace:
    return train(Experiment.from_text(TINY).placed()).trace


def drawn(trace, settings):
    names = [f"run{i}" for i in range(len(settings))]
    return plot_comparison(
        dict.fromkeys(names, trace), dict(zip(names, settings, strict=True)), "a title"
    )


def panels(figure):
    return [axes for axes in figure.axes if axes.get_visible()]


def legend(figure) -> set[str]:
    return {text.get_text() for text in figure.legends[0].get_texts()}


def test_one_number_that_differs_is_the_x_axis(trace):
    figure = drawn(trace, [{"optimizer.lr": lr} for lr in (0.1, 0.001, 0.2)])
    (axes,) = panels(figure)
    assert axes.get_xlabel() == "lr"
    assert "nats" in axes.get_ylabel()
    assert axes.get_xscale() == "log"
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["0.001", "0.1", "0.2"]
    validation = next(c for c in axes.containers if c.get_label() == "validation")
    assert list(validation.lines[0].get_xdata()) == [0.001, 0.1, 0.2]
    assert legend(figure) == {
        "training",
        "validation",
        "uniform over all tokens",
        "uniform over the alphabet",
    }
    assert figure.get_suptitle() == "a title"


@pytest.mark.parametrize("values", [(10, 20), (0, 100)])
def test_values_close_together_or_not_positive_are_on_a_linear_axis(trace, values):
    (axes,) = panels(drawn(trace, [{"task.vocab_size": value} for value in values]))
    assert axes.get_xscale() == "linear"


def test_the_second_setting_makes_panels(trace):
    settings = [{"task.vocab_size": v, "model.kind": k} for k in "ba" for v in (16, 24, 32)]
    found = panels(drawn(trace, settings))
    assert [axes.get_title() for axes in found] == ["kind = b", "kind = a"]
    assert all(axes.get_xlabel() == "vocab_size" for axes in found)


def test_panels_of_numbers_are_in_order_and_leave_no_empty_one_visible(trace):
    settings = [{"task.vocab_size": v, "optimizer.lr": lr} for lr in (9, 7, 8) for v in range(1, 9)]
    settings += [{"task.vocab_size": v, "optimizer.lr": lr} for lr in (1, 2) for v in range(1, 9)]
    titles = [axes.get_title() for axes in panels(drawn(trace, settings))]
    assert titles == [f"lr = {value}" for value in (1, 2, 7, 8, 9)]


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        ([{"model.position": "rotary"}, {"model.position": "none"}], ["rotary", "none"]),
        ([{"model.kind": "x"}, {"model.kind": "y", "model.n_layer": 2}], ["x", "y"]),
        (
            [{"a.x": i, "a.y": j, "a.z": k} for i, j, k in THREE],
            ["x=1, y=1, z=1", "x=1, y=1, z=2", "x=1, y=2, z=1", "x=2, y=1, z=1"],
        ),
        ([{}], ["run0"]),
        ([{"a.x": 1}, {"a.x": 1}], ["run0", "run1"]),
    ],
)
def test_otherwise_there_is_a_row_a_run(trace, settings, labels):
    (axes,) = panels(drawn(trace, settings))
    assert [tick.get_text() for tick in axes.get_yticklabels()] == labels
    assert "nats" in axes.get_xlabel()


def test_a_run_without_held_out_questions_has_no_validation_point(trace):
    groups = [g for g in trace.curves["group"].values if g != "validation"]
    taught = Trace(trace.curves.sel(group=groups))
    traces = {"one": trace, "two": taught}
    for settings in (
        {"one": {"task.backward": "some"}, "two": {"task.backward": "all"}},
        {"one": {"optimizer.lr": 1}, "two": {"optimizer.lr": 2}},
    ):
        (axes,) = plot_comparison(traces, settings, "t").axes
        points = {c.get_label(): len(c.lines[0].get_xdata()) for c in axes.containers}
        assert points == {"validation": 1, "training": 2}


def test_a_single_learner_has_no_interval_and_is_drawn(trace):
    alone = Trace(trace.curves.isel(learner=[0]))
    (axes,) = drawn(alone, [{"optimizer.lr": 1}, {"optimizer.lr": 2}]).axes
    assert len(axes.containers) == 2

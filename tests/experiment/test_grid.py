"""Grids as YAML: which cells there are, what is refused, and what only fails."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodict import BadInput, Experiment, Grid
from retrodict.experiment import distinguishing_settings, flow, read, short_names

BASE = "task: {kind: reversal, vocab_size: 24}\nmodel: {n_layer: 1, n_head: 2, d_model: 16}\n"


def grid(text: str, *overrides: str) -> Grid:
    return Grid.from_text(BASE + text, overrides, where="g.yaml")


def labels(found: Grid) -> list[str]:
    return [cell.label for cell in found.cells]


def test_the_last_axis_varies_fastest():
    found = grid("grid: {task.vocab_size: [20, 50], optimizer.lr: [0.1, 0.2]}")
    assert labels(found) == [
        "task.vocab_size=20, optimizer.lr=0.1",
        "task.vocab_size=20, optimizer.lr=0.2",
        "task.vocab_size=50, optimizer.lr=0.1",
        "task.vocab_size=50, optimizer.lr=0.2",
    ]
    assert [cell.experiment.task.vocab_size for cell in found.cells] == [20, 20, 50, 50]


VALUES = {
    "task.vocab_size": st.integers(8, 500),
    "optimizer.lr": st.floats(0, 10),
    "training.seed": st.integers(0, 2**62),
    "training.batch_size": st.sampled_from([1, 7, "all"]),
    "model.position": st.sampled_from(["none", "absolute", "sinusoidal", "rotary"]),
    "record.weights_at": st.lists(st.integers(0, 9), max_size=3),
}


@given(st.data())
@settings(max_examples=15, deadline=None)
def test_every_combination_is_a_cell_and_overrides_the_base(data):
    names = data.draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, unique=True))
    axes = {
        name: data.draw(st.lists(VALUES[name], min_size=1, max_size=3, unique_by=flow))
        for name in names
    }
    base = Experiment.from_text(BASE)
    found = Grid.of(base, axes)
    assert len(found.cells) == math.prod(map(len, axes.values()))
    for cell in found.cells:
        changes = [f"{name}={flow(value)}" for name, value in cell.settings.items()]
        assert cell.experiment == base.with_overrides(*changes)


def test_axes_may_be_nested():
    nested = grid("grid: {task: {vocab_size: [20, 50]}, optimizer: {lr: [0.1]}}")
    assert nested == grid("grid: {task.vocab_size: [20, 50], optimizer.lr: [0.1]}")


def test_a_whole_section_may_be_an_axis_and_replaces_the_section():
    one_layer, transformer = grid("grid: {model: [{kind: one_layer}, {n_layer: 3}]}").cells
    assert one_layer.experiment.model.kind == "one_layer"
    assert (transformer.experiment.model.n_layer, transformer.experiment.model.d_model) == (3, 768)


def test_defaults_follow_the_model_of_the_cell():
    text = "task: {kind: reversal}\ngrid: {model.kind: [one_layer, transformer]}"
    one_layer, transformer = Grid.from_text(text).cells
    assert one_layer.experiment.optimizer.kind == "sgd"
    assert one_layer.experiment.training.batch_size == 1
    assert transformer.experiment.optimizer.kind == "adamw"
    assert transformer.experiment.training.batch_size == 64


def test_a_grid_of_parts_is_a_grid_of_their_settings():
    base = Experiment.from_text(BASE)
    parts = {"task": base.task, "model": base.model}
    axes = {"task.vocab_size": [20, 50]}
    assert Grid.of(parts, axes) == Grid.of(base, axes)


def test_values_that_do_not_fit_each_other_make_a_failed_cell():
    good, bad = grid("grid: {model.n_head: [4, 3]}").cells
    assert good.problem is None
    assert bad.experiment is None
    assert bad.problem.startswith("model: n_head 3 does not divide d_model 16")
    (pairs, reversal) = grid(
        "grid: {task: [{kind: pairs}, {kind: reversal}]}", "model={kind: bilinear}"
    ).cells
    assert pairs.problem is None
    assert reversal.problem.startswith("model.kind bilinear reads a single token")


def test_overrides_change_the_base_and_the_axes():
    text = "grid: {optimizer.lr: [0.1], task: {vocab_size: [20]}}"
    found = grid(text, "training.epochs=5", "grid.optimizer.lr=[1, 2]", "grid.training.seed=[0, 7]")
    assert dict(found.axes) == {
        "optimizer.lr": (1, 2),
        "task.vocab_size": (20,),
        "training.seed": (0, 7),
    }
    assert {cell.experiment.training.epochs for cell in found.cells} == {5}
    assert labels(grid(text, "grid={optimizer.lr: [5]}")) == ["optimizer.lr=5"]


def test_an_override_makes_a_grid_of_an_experiment(tiny_yaml):
    assert isinstance(read(tiny_yaml), Experiment)
    found = read(tiny_yaml, ["grid.optimizer.lr=[0.1, 0.2]"])
    assert labels(found) == ["optimizer.lr=0.1", "optimizer.lr=0.2"]


def test_a_file_with_a_grid_is_read_as_one(tmp_path):
    path = tmp_path / "g.yaml"
    path.write_text(BASE + "grid: {optimizer.lr: [0.1, 0.2]}", encoding="utf-8")
    assert read(path) == Grid.from_yaml(path)
    with pytest.raises(BadInput, match=r"g\.yaml:3: grid: this is a grid .*'retrodict run'"):
        Experiment.from_yaml(path)


MANY = list(range(101))
REFUSED = {
    "grid: 5": r"g.yaml:3: grid: expected a mapping of settings .*; got 5",
    "grid:": "g.yaml:3: grid: expected a mapping",
    "grid: {}": r"g.yaml:3: grid: has no axes; e.g. grid: \{optimizer.lr",
    "grid: {optimizer.lr: 0.1}": r"g.yaml:3: grid.optimizer.lr: expected a list .* \[0.1\]",
    "grid: {optimizer.lr: abc}": "expected a list of values",
    "grid: {task: {}}": "grid.task: expected a list of values",
    "grid: {optimizer.lr: []}": "grid.optimizer.lr: has no values",
    "grid:\n  optimizer:\n    lr: [1, 1]": "g.yaml:5: grid.optimizer.lr: 1 appears twice",
    "grid: {optimiser.lr: [1]}": "g.yaml:3: grid.optimiser: unknown key; did you mean 'optimizer'",
    "grid: {lr: [1]}": "grid.lr: unknown key; choose from data, model",
    "grid: {optimizer.l: [1]}": "grid.optimizer.l: unknown key; did you mean 'lr'",
    "grid: {1: [1]}": "grid.1: unknown key",
    "grid: {model.n_layer.a: [1]}": "a setting is section.key",
    "grid: {model: {n_layer: {a: [1]}}}": "a setting is section.key",
    "grid: {task.vocab_size: [x]}": "g.yaml:3: grid.task.vocab_size: .*integer, got 'x'",
    "grid:\n  training.seed: [0]\n  optimizer.lr: [1, -1]": "g.yaml:5: grid.optimizer.lr: .*got -1",
    "grid: {task.kind: [reversal, chian]}": "grid.task: kind: 'chian' .*mean 'chain'",
    "grid: {optimizer.betas: [[0.9, 1]]}": r"grid.optimizer.betas.1: .*less than 1, got 1$",
    "grid: {model: [3]}": "grid.model: expected a mapping",
    "grid: {model: [{}], model.n_layer: [1]}": "grid.model.n_layer: the grid already has model",
    "grid: {model.n_layer: [1], model: {n_layer: [2]}}": "the grid already has model.n_layer",
    "grid: {model.kind: [transformer, one_layer]}": (
        r"g.yaml:2: model.n_layer: unknown key; .* \(in the cells with model.kind=one_layer\)"
    ),
    "grid: {model.n_head: [3, 5]}": "grid: no cell is valid; the first, model.n_head=3: model: n_",
    "optimizer: {lr: -1}\ngrid: {training.seed: [0]}": "g.yaml:3: optimizer.lr: .*got -1",
    "grid: {training.seed: [0": "g.yaml:3: not valid YAML",
    f"grid: {{training.seed: {MANY}, training.epochs: {MANY}}}": "10201 cells are more than",
}


@pytest.mark.parametrize(("text", "says"), REFUSED.items(), ids=[text[:50] for text in REFUSED])
def test_a_bad_grid_is_refused_in_one_line(text, says):
    with pytest.raises(BadInput, match=says) as refused:
        grid(text)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("override", "says"),
    [
        ("training.seed=3", r"training.seed is an axis .* --set grid.training.seed=\["),
        ("grid.optimizer.lr=3", r"expected a list of values, e.g. \[3\]"),
        ("grid.optimizer.lr", "expected section.key=value"),
        ("grid.optimizer.lr=[", "not a YAML value"),
        ("grid.optimizer=[{}]", "--set .*: the grid already has optimizer.lr"),
        ("grid=3", "grid: expected a mapping"),
        ("grid={}", "has no axes"),
        (
            "task.vocab_siz=3",
            "--set task.vocab_siz=3: task.vocab_siz: unknown key; did you mean 'vocab_size'",
        ),
    ],
)
def test_a_bad_override_is_refused_in_one_line(override, says):
    with pytest.raises(BadInput, match=says) as refused:
        grid("grid: {training.seed: [0, 1], optimizer.lr: [1]}", override)
    assert "\n" not in str(refused.value)


def test_names_are_short_where_that_is_not_ambiguous():
    assert list(short_names(["task.kind", "model.kind", "optimizer.lr"]).values()) == [
        "task.kind",
        "model.kind",
        "lr",
    ]


def test_settings_that_follow_from_others_do_not_tell_runs_apart():
    kinds = [{"kind": "a", "rank": None}, {"kind": "b", "n": 1}, {"kind": "b", "n": 2}]
    assert distinguishing_settings(kinds) == ["kind", "n"]
    assert distinguishing_settings([{"lr": 1}]) == []

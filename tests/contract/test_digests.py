"""Experiments are written, hashed and named as they always were: kept runs go by these names."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from retrodict import Experiment

HERE = Path(__file__).parent
CASES = json.loads((HERE / "digests.json").read_text(encoding="utf-8"))
RECIPES = json.loads((HERE / "recipes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", CASES)
def test_an_experiment_is_written_and_named_as_it_was(name, placed, pinned):
    """On whichever device and threads it says, this machine's or not."""
    case = CASES[name]
    experiment = Experiment.from_text("\n".join(case["asked"]), case.get("changes", ()))
    runs = {where: placed(experiment, where) for where in case["runs"]}
    found = {
        "written": experiment.to_yaml().splitlines(),
        "runs": {where: {"name": run.name, "digest": run.digest()} for where, run in runs.items()},
    }
    pinned("digests", name, {**case, **found})


@pytest.mark.parametrize("name", CASES)
def test_what_is_written_is_read_back_as_the_same(name, placed):
    case = CASES[name]
    experiment = Experiment.from_text("\n".join(case["written"]))
    for where, run in case["runs"].items():
        assert placed(experiment, where).name == run["name"]


def test_a_placed_experiment_says_device_and_threads_and_the_snapshots_that_happen(placed):
    case = CASES["chain, a narrow model of words"]
    text = placed(Experiment.from_text("\n".join(case["asked"])), "cuda:0 4").to_yaml()
    changed = [line for line in text.splitlines() if line not in case["written"]]
    assert changed == [
        "training:  {epochs: 20, batch_size: all, learners: 2, seed: 7, corpus_seed: 3, "
        "device: cuda:0, precision: float32, threads: 4, execution: auto}",
        "record:    {every: 5, weights_at: [0, 20], controls: true}",
    ]


@pytest.mark.parametrize("recipe", RECIPES)
def test_a_recipe_is_the_experiment_that_it_was(recipe, placed, pinned):
    """With small settings, for every task and model that it supports."""
    found = {}
    for where in RECIPES[recipe]:
        task, model = where.split()
        text = f"recipe: {recipe}\ntask: {{kind: {task}, vocab_size: 24}}\nmodel: {{kind: {model}}}"
        found[where] = placed(Experiment.from_text(text), "cpu 1").digest()
    pinned("recipes", recipe, found)

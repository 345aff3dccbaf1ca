"""Recipes: every one is a valid experiment wherever it says it makes sense, however it is named."""

from __future__ import annotations

import pytest

from retrodict import BadInput, Experiment, Grid
from retrodict.recipes import RECIPES, Recipe, find

MODEL = {
    "transformer": "{n_layer: 1, n_head: 2, d_model: 8}",
    "one_layer": "{kind: one_layer}",
    "relational": "{kind: relational}",
}
CASES = [
    (recipe.name, task, model)
    for recipe in RECIPES.values()
    for task in recipe.tasks
    for model in recipe.models
]


def text(task: str, model: str) -> str:
    return f"task: {{kind: {task}, vocab_size: 24}}\nmodel: {MODEL[model]}\n"


@pytest.mark.parametrize(("name", "task", "model"), CASES)
def test_a_recipe_is_valid_in_yaml_by_override_and_in_a_grid(name, task, model):
    in_yaml = Experiment.from_text(f"recipe: {name}\n{text(task, model)}")
    overridden = Experiment.from_text(text(task, model), [f"recipe={name}"])
    grid = Grid.from_text(f"{text(task, model)}grid: {{recipe: [{name}]}}\n")
    assert in_yaml == overridden == grid.cells[0].experiment
    corpus = in_yaml.corpus(0)
    assert len(in_yaml.examples(corpus).inputs)
    for section, settings in find(name).settings.items():
        found = getattr(in_yaml, section)
        for key, value in settings.items():
            part = getattr(found, key)
            assert value == (part.model_dump(exclude_unset=True) if section == "data" else part)


@pytest.mark.parametrize("name", RECIPES)
def test_a_recipe_says_what_it_does_and_where_it_comes_from(name):
    recipe = find(name)
    assert recipe.name == name
    assert recipe.title
    assert any(f"[{grade}]" in recipe.source for grade in "SNRO")


def test_what_the_file_says_itself_comes_on_top():
    experiment = Experiment.from_text(
        f"recipe: weight_decay\noptimizer: {{lr: 0.5}}\n{text('reversal', 'transformer')}"
    )
    assert (experiment.optimizer.lr, experiment.optimizer.weight_decay) == (0.5, 1.0)
    own = Experiment.from_text(
        f"recipe: weight_decay\noptimizer: {{weight_decay: 0.0}}\n{text('chain', 'transformer')}"
    )
    assert own.optimizer.weight_decay == 0.0


def test_a_written_experiment_names_no_recipe_any_more():
    experiment = Experiment.from_text(f"recipe: identity\n{text('reversal', 'transformer')}")
    assert "recipe" not in experiment.to_yaml()
    assert Experiment.from_text(experiment.to_yaml()) == experiment


REFUSED = {
    "recipe: identiti\n": "'identiti' is not known; did you mean 'identity'",
    "recipe: [plain]\n": "give a recipe's name",
    "recipe: null\n": "give a recipe's name",
    "recipe: bico\nobjective: {kind: permuted}\n": "leave out one of them",
    "recipe: middle_step\n": "middle_step is for task.kind chain",
    "recipe: identity\ndata: null\n": "data: expected a mapping",
}


@pytest.mark.parametrize(("first", "says"), REFUSED.items())
def test_bad_recipes_are_refused_in_one_line_with_nothing_written(first, says, tmp_path, refused):
    path = tmp_path / "x.yaml"
    path.write_text(first + text("reversal", "transformer"), encoding="utf-8")
    assert says in refused("run", path, "--out", tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_an_unknown_recipe_of_an_override_or_a_grid_is_refused():
    with pytest.raises(BadInput, match="did you mean 'plain'"):
        Experiment.from_text(text("reversal", "transformer"), ["recipe=plan"])
    with pytest.raises(BadInput, match="did you mean 'plain'"):
        Grid.from_text(f"{text('reversal', 'transformer')}grid: {{recipe: [plan]}}\n")


def test_a_new_recipe_goes_into_yaml_and_stands_in_the_leaderboard(monkeypatch):
    from retrodict.leaderboard import cells

    new = Recipe("another", "new", "ours [O]", {"optimizer": {"lr": 0.25}})
    monkeypatch.setitem(RECIPES, "another", new)
    assert find("another") is new
    assert next(iter(RECIPES)) == "plain"
    assert Experiment.from_text(
        f"recipe: another\n{text('chain', 'transformer')}"
    ).optimizer.lr == (0.25)
    found = cells(["another"], scale="smoke")
    assert {cell.column.task for cell in found} == {"reversal", "chain"}


def test_the_list_names_every_recipe(command):
    assert set(RECIPES) <= set(command("list", "--json")[1].split('"'))

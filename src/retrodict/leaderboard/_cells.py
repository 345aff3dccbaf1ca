"""The cells of the leaderboard: every recipe on every task and model for which it makes sense.

All have the same base and the same number of gradient steps, so a recipe that adds sentences has
fewer epochs. Each training is also evaluated at the point where it has spent as many operations as
the whole plain training; for recipes with longer examples this is earlier.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from retrodict.errors import BadInput, choose
from retrodict.experiment import Experiment
from retrodict.recipes import RECIPES, Recipe, put_on

Scale = Literal["smoke", "laptop"]

_RECORDS = 40
"""How often a training is evaluated, roughly."""


@dataclass(frozen=True)
class Column:
    """A task on which recipes are compared, and a model that learns it.

    Attributes:
        name: its name in options and tables.
        title: a description.
        task: the task's kind, which says which recipes make sense.
        base: the sections of its plain experiment that other columns do not share.
        steps: gradient steps of a training.
        by_name: whether it is trained only if named, or with `--full`; `--kept` shows stored runs
            of it in any case.
    """

    name: str
    title: str
    task: str
    base: Mapping[str, Mapping[str, Any]]
    steps: int = 640
    by_name: bool = False

    @property
    def model(self) -> str:
        """The kind of model, which says which recipes make sense."""
        return str(self.base["model"].get("kind", "transformer"))


_TRANSFORMER: dict[str, Any] = {"n_layer": 2, "n_head": 4, "d_model": 128, "dropout": 0.0}
_SMALLER = {"n_layer": 1, "d_model": 16}

COLUMNS = (
    Column("reversal", "reversal", "reversal", {"model": _TRANSFORMER}),
    Column(
        "reversal-2",
        "reversal, names of two tokens",
        "reversal",
        {"model": _TRANSFORMER, "task": {"entity_length": 2}},
        by_name=True,
    ),
    Column("chain", "chain A ⇝ C", "chain", {"model": _TRANSFORMER}),
    Column(
        "reversal-one-layer",
        "reversal, one-layer model",
        "reversal",
        {
            "model": {"kind": "one_layer"},
            "optimizer": {"kind": "sgd", "lr": 1.0, "weight_decay": 0.0},
        },
    ),
    Column(
        "reversal-relational",
        "reversal, relational model u R v",
        "reversal",
        {
            "model": {"kind": "relational"},
            "optimizer": {"kind": "adamw", "lr": 0.01, "betas": [0.9, 0.98], "weight_decay": 1.0},
            "training": {"learners": 10, "batch_size": "all"},
        },
        steps=3000,
    ),
)
"""Every task and model. A new one is one entry."""


@dataclass(frozen=True)
class Cell:
    """One recipe on one task and model.

    Attributes:
        recipe, column: which.
        experiment: what is trained.
        steps: gradient steps per epoch.
        operations: floating-point operations in matrix products of one learner's epoch.
        budget: operations of the plain recipe's whole training.
        tokens: read in an epoch.
    """

    recipe: Recipe
    column: Column
    experiment: Experiment
    steps: int
    operations: float
    budget: float
    tokens: int


def cells(
    names: Sequence[str] = (),
    columns: Sequence[str] = (),
    scale: Scale = "laptop",
    full: bool = False,
) -> list[Cell]:
    """Return the cells to compare.

    Args:
        names: only these recipes; by default all.
        columns: only these tasks; by default all that are not `by_name`.
        scale: `laptop`, or `smoke` for a test in seconds.
        full: also include long recipes and every column, and train five times the steps.

    Raises:
        BadInput: an unknown recipe or column, or a recipe that needs `full`.
    """
    known, all_columns = RECIPES, [column.name for column in COLUMNS]
    chosen = choose(names, known, "leaderboard: no recipe {!r:.60}") or [
        name for name, recipe in known.items() if full or not recipe.is_long
    ]
    where = choose(columns, all_columns, "leaderboard: no task {!r:.60}") or [
        column.name for column in COLUMNS if full or not column.by_name
    ]
    for name in chosen:
        if known[name].is_long and not full:
            raise BadInput(f"leaderboard: {name} needs long training; add --full")
    found = [
        _cell(recipe, column, scale, full)
        for column in COLUMNS
        if column.name in where
        for recipe in known.values()
        if recipe.name in chosen and column.task in recipe.tasks and column.model in recipe.models
    ]
    if not found:
        raise BadInput(
            f"leaderboard: {', '.join(chosen)} makes no sense on {', '.join(where)}; "
            "'retrodict list' says which recipe is for which task"
        )
    return found


def _cell(recipe: Recipe, column: Column, scale: Scale, full: bool) -> Cell:
    steps = (4 if scale == "smoke" else column.steps) * (5 if full else 1)
    plain = Experiment.model_validate(_base(column, scale))
    experiment = Experiment.model_validate(put_on(_base(column, scale), recipe.name))
    per_epoch, operations, tokens = _cost(experiment)
    plain_steps, plain_operations, _ = _cost(plain)
    epochs = max(1, round(steps / per_epoch))
    every = max(1, epochs // _RECORDS)
    experiment = experiment.changed({"training.epochs": epochs, "record.every": every})
    budget = plain_operations * max(1, round(steps / plain_steps))
    return Cell(recipe, column, experiment, per_epoch, operations, budget, tokens)


def _base(column: Column, scale: Scale) -> dict[str, Any]:
    small = scale == "smoke"
    base: dict[str, Any] = {
        "task": {"kind": column.task, "vocab_size": 40 if small else 200},
        "optimizer": {"kind": "adamw", "lr": 1e-3},
        "training": {"learners": 2 if small else 10, "batch_size": 64},
        "record": {"controls": True, "weights_at": []},
    }
    for section, settings in column.base.items():
        base[section] = {**base.get(section, {}), **settings}
    if small and column.model == "transformer":
        base["model"] |= _SMALLER
    return base


def _cost(experiment: Experiment) -> tuple[int, float, int]:
    """Return the steps, the operations of one learner, and the tokens of an epoch."""
    corpus = experiment.corpus()
    examples = experiment.examples(corpus)
    count, length = examples.inputs.shape
    one = experiment.model.step_operations(corpus.vocab_size, length, examples.first)
    return experiment.steps_per_epoch, float(one * count), count * length

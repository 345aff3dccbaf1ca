"""Whether the sections of an experiment fit each other.

Each check raises ValueError with one line that says what, where and what would be valid.
"""

from __future__ import annotations

from retrodict.data import Data
from retrodict.experiment._sections import Training
from retrodict.models import Model
from retrodict.objectives import Objective
from retrodict.tasks import Reversal, Task

NO_TF32 = "training.precision tf32 needs a GPU; on a CPU choose float32, float64 or bfloat16"


def require_fit(
    task: Task, data: Data, model: Model, objective: Objective, training: Training
) -> None:
    """Refuse sections that do not go together.

    Raises:
        ValueError: the first misfit found.
    """
    if why := model.refusal(task):
        raise ValueError(why)
    _data_fit_task(task, data)
    _data_fit_each_other(data)
    _model_reads_data(model, objective, data)
    _model_reads_objective(model, objective)
    _model_can_run_so(model, training)


def _data_fit_task(task: Task, data: Data) -> None:
    for name, addition in data.additions.items():
        if task.kind not in addition.tasks:
            kinds = " or ".join(addition.tasks)
            raise ValueError(f"data.{name} is for task.kind {kinds}, and not for {task.kind}")
    if data.identity and data.identity.who == "middle" and task.kind != "chain":
        raise ValueError("data.identity.who middle is for task.kind chain; choose all")
    if not isinstance(task, Reversal) or task.relations == 1:
        return
    if data.bridge:
        raise ValueError("data.bridge is for task.relations 1")
    if data.identity:
        _as_many_entities_for_every_seed(task, data.identity.who)


def _as_many_entities_for_every_seed(task: Reversal, who: str) -> None:
    """Refuse identity sentences whose number would differ between seeds."""
    if who != "all":
        raise ValueError(
            f"data.identity.who {who} selects a different number of entities for each seed if "
            f"task.relations is {task.relations}; choose all"
        )
    if sum(task.sizes) < task.pairs:
        raise ValueError(
            f"data.identity selects a different number of entities for each seed if "
            f"task.relations is {task.relations} and not every pair is used; choose "
            "task.relations 1, or larger task.max_train_facts and task.max_validation_facts"
        )


def _data_fit_each_other(data: Data) -> None:
    if data.reverse and data.middle_step:
        raise ValueError("data.reverse cannot be combined with data.middle_step; choose one")
    if data.reverse and data.reverse.marker and data.bridge:
        raise ValueError("data.bridge cannot be combined with data.reverse.marker; choose one")
    if data.identity and data.bridge:
        raise ValueError("data.bridge already adds identity sentences; leave out data.identity")
    if data.identity and data.identity.who == "trained" and data.one_way:
        raise ValueError(
            "data.identity.who trained selects no entity if data.one_way holds out a question of "
            "every pair; choose all"
        )


def _model_reads_data(model: Model, objective: Objective, data: Data) -> None:
    for addition in data.additions.values():
        name = addition.lengthens
        if not name:
            continue
        if objective.needs_equal_lengths:
            raise ValueError(
                f"objective.kind {objective.kind} needs sentences of one length, and data.{name} "
                "makes longer ones; choose objective.kind next_token"
            )
        if not model.reads_sequences:
            raise ValueError(
                f"data.{name} makes sentences of more tokens than model.kind {model.kind} reads; "
                "choose model.kind transformer"
            )


def _model_reads_objective(model: Model, objective: Objective) -> None:
    if not model.reads_sequences:
        if objective.kind != "next_token":
            raise ValueError(
                f"objective.kind {objective.kind} is for model.kind transformer; with model.kind "
                f"{model.kind} choose next_token"
            )
        return
    if model.reads_both_sides != objective.reads_both_sides:
        words = {True: "bidirectional", False: "causal"}
        raise ValueError(
            f"objective.kind {objective.kind} needs model.attention "
            f"{words[objective.reads_both_sides]}, not {words[model.reads_both_sides]}"
        )


def _model_can_run_so(model: Model, training: Training) -> None:
    if not model.compiles and training.precision in ("tf32", "bfloat16"):
        raise ValueError(
            f"training.precision {training.precision} is for model.kind transformer; with "
            f"model.kind {model.kind} choose float32 or float64"
        )
    if not model.compiles and training.execution == "compiled":
        raise ValueError(
            "training.execution compiled is for model.kind transformer; with model.kind "
            f"{model.kind} choose auto or eager"
        )
    if training.precision == "tf32" and training.device == "cpu":
        raise ValueError(NO_TF32)
